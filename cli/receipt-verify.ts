import { createPublicKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { open } from "node:fs/promises";
import { parseArgs } from "node:util";
import { createDatabase } from "#lib/db/client.ts";
import { ENVELOPE_BYTES, readPublicKeys } from "#lib/domain/dsse.ts";
import { SlipwayError } from "#lib/domain/errors.ts";
import type { VerifiedStatement } from "#lib/domain/receipt-statement.ts";
import { verifyReceipt } from "#lib/domain/verify-receipt.ts";
import type { Command } from "./command.ts";
import { print, understood, UsageError } from "./command.ts";
import { loadHostConfig } from "./with-services.ts";

/** The status where everything could be read, and the receipt isn't good. */
const NOT_GOOD = 3;
const KEY_BYTES = 65_536;
const OPTIONS = { key: { type: "string" }, "from-database": { type: "boolean", default: false } } as const;

/** `slipway receipt verify`: docs/receipts.md. With `--key` it needs nothing of the cluster. */
export const receiptVerify: Command = {
  words: ["receipt", "verify"],
  usage: "FILE [--key FILE | --from-database]",
  summary: "Checks that a receipt is what the cluster signed, and says what it states",
  details: [
    "FILE             the receipt, as the API, the console and receipt show give it; - reads it from standard input",
    "--key FILE       the cluster's public keys, as receipt keys prints them: nothing else is needed",
    "--from-database  the keys of the cluster on this machine, which is what counts where no key is given",
    "",
    "Ends with 0 where the receipt is good, 3 where it is not, 1 where that could not be found out.",
  ],
  async run(args) {
    const { values, positionals } = understood(() => parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true }));
    const [file, ...others] = positionals;
    if (file === undefined || others.length > 0) throw new UsageError("one file is needed");
    if (values.key !== undefined && values["from-database"]) throw new UsageError("--key and --from-database can't go together");
    const text = file === "-" ? await readStandardInput() : await readText(file, ENVELOPE_BYTES);
    const keys = values.key === undefined ? await keysOfDatabase() : await keysOfFile(values.key);
    const verified = verifyReceipt(text, keys);
    if (!verified.ok) {
      process.stderr.write(`slipway: the receipt is not good. ${verified.problem}\n`);
      return NOT_GOOD;
    }
    print(`signed by the key ${verified.keyId}`);
    for (const line of describeStatement(verified.statement)) print(line);
    return 0;
  },
};

/** What is worth knowing of a receipt at a glance. */
export function describeStatement({ subject, predicate }: VerifiedStatement): string[] {
  const { cluster, install, instance, outcome, times } = predicate;
  const unconfirmed = outcome.confirmed === false ? ", ended unconfirmed" : "";
  return [
    `${install.operation} of ${instance.name} on ${install.node}, cluster ${cluster.name} (${cluster.uuid})`,
    `${outcome.state} (${outcome.completion}${unconfirmed}) at ${times.ended}, asked for by ${install.requester}`,
    ...subject.map(({ name, digest }) => `${name} ${Object.entries(digest).map(([algorithm, hex]) => `${algorithm}:${hex}`).join(" ")}`),
  ];
}

async function keysOfFile(file: string): Promise<KeyObject[]> {
  const text = await readText(file, KEY_BYTES);
  try {
    return readPublicKeys(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new SlipwayError("invalid", `${file} ${error.message}`, { cause: error });
  }
}

/** Without the cluster's other keys: those of receipts are public. */
async function keysOfDatabase(): Promise<KeyObject[]> {
  const db = createDatabase(loadHostConfig().databaseUrl);
  try {
    const rows = await db.dataKey.findMany({ where: { purpose: "receipts" }, select: { publicKey: true } });
    return rows.flatMap(({ publicKey }) => (publicKey === null ? [] : [createPublicKey(publicKey)]));
  } finally {
    await db.$disconnect();
  }
}

async function readText(file: string, limit: number): Promise<string> {
  const handle = await open(file, "r");
  try {
    return await collect(handle.createReadStream({ end: limit, autoClose: false }), file, limit);
  } finally {
    await handle.close();
  }
}

function readStandardInput(): Promise<string> {
  return collect(process.stdin, "standard input", ENVELOPE_BYTES);
}

async function collect(source: AsyncIterable<unknown>, name: string, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of source) {
    const part = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    bytes += part.byteLength;
    if (bytes > limit) throw new SlipwayError("too_large", `${name} has more than ${limit} bytes`);
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString("utf8");
}
