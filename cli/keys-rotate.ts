import { parseArgs } from "node:util";
import type { RotationReport } from "#lib/secrets/rotate-keys.ts";
import { rotateKeys } from "#lib/secrets/rotate-keys.ts";
import type { Command } from "./command.ts";
import { print, understood } from "./command.ts";
import { counted } from "./counted.ts";
import { withServices } from "./with-services.ts";

const OPTIONS = {
  sessions: { type: "boolean", default: false },
  fingerprints: { type: "boolean", default: false },
  receipts: { type: "boolean", default: false },
  forget: { type: "boolean", default: false },
} as const;

/** `slipway keys rotate`: docs/operating.md, "Keys". */
export const keysRotate: Command = {
  words: ["keys", "rotate"],
  usage: "[--sessions] [--fingerprints] [--receipts] [--forget]",
  summary: "Makes new keys and encrypts every private value with them",
  details: [
    "Runs beside controllers and installs. Ended at any point, it goes on when it is run again.",
    "",
    "--sessions      makes a new key for sessions too: everybody signs in again",
    "--fingerprints  makes a new key for fingerprints too: they all change",
    "--receipts      makes a new key for receipts too; those signed before are verified by the old one",
    "--forget        removes master keys from their file that nothing in the database needs any more;",
    "                a backup from before needs them still",
  ],
  async run(args) {
    const { values: asked } = understood(() => parseArgs({ args: [...args], options: OPTIONS }));
    const also = (["sessions", "fingerprints", "receipts"] as const).filter((purpose) => asked[purpose]);
    const report = await withServices((ctx) => rotateKeys(ctx, { also, forget: asked.forget, onProgress: showProgress }));
    for (const line of describe(report)) print(line);
    return report.done === null || report.done.left.length === 0 ? 0 : 1;
  },
};

/** Only where somebody watches. */
function showProgress(values: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${counted(values, "value")} encrypted anew\u001b[K`);
}

function describe({ masterKey, controllers, done }: RotationReport): readonly string[] {
  if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");
  const lines = [describeMasterKey(masterKey)];
  if (done === null) {
    lines.push(`${controllers} controllers run. If each has its own copy of ${masterKey.source.name}, put this one in its place there; no restart is needed. Then run this again.`);
    return lines;
  }
  lines.push(`${counted(done.rewrapped, "data key")} wrapped anew`);
  lines.push(`${counted(done.values, "private value")} encrypted anew, with the data key ${done.dataKeyId}`);
  if (done.removedDataKeys > 0) lines.push(`${counted(done.removedDataKeys, "data key")} removed that nothing needs any more`);
  if (done.forgottenMasterKeys > 0) lines.push(`${counted(done.forgottenMasterKeys, "master key")} removed from ${masterKey.source.name}`);
  for (const { kind, id, values } of done.left) lines.push(`${counted(values, "private value")} still with the ${kind} key ${id}: run this again, and see slipway keys status`);
  if (done.damaged > 0) lines.push(`${counted(done.damaged, "private value")} of these can't be read with it: changed by something else, and left as found`);
  return lines;
}

function describeMasterKey({ what, id, source }: RotationReport["masterKey"]): string {
  switch (what) {
    case "new":
      return `new master key ${id} in ${source.name}`;
    case "given":
      return `master key ${id}, as ${source.name} gives it now`;
    case "kept":
      return `master key ${id}, still: for another one, put it into ${source.name} before the old one, restart the controllers, and run this again`;
  }
}
