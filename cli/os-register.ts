import path from "node:path";
import { parseArgs } from "node:util";
import type { RequestContext } from "#lib/context/context.ts";
import { isSlipwayError } from "#lib/domain/errors.ts";
import type { OsDefinitionDetail } from "#lib/domain/os-definition-views.ts";
import { getOsDefinition } from "#lib/os-definitions/get-os-definition.ts";
import { readImageFolder } from "#lib/os-definitions/read-image-folder.ts";
import { registerOsDefinition } from "#lib/os-definitions/register-os-definition.ts";
import type { Command } from "./command.ts";
import { print, understood, UsageError } from "./command.ts";
import { counted } from "./counted.ts";
import { withServices } from "./with-services.ts";

const OPTIONS = {
  definition: { type: "string" },
  image: { type: "string" },
  root: { type: "string", multiple: true },
} as const;

/** `slipway os register`: os-definitions/README.md, "Bringing one". */
export const osRegister: Command = {
  words: ["os", "register"],
  usage: "--definition DIR [--image DIR] [--root DIR]…",
  summary: "Registers an OS definition from a folder of this machine, as the cluster's own",
  details: [
    "--definition DIR  its folder, whose name is the definition's",
    "--image DIR       what its build-image printed; left out where it carries no image",
    "--root DIR        where links in it may lead beside its own folder",
    "",
    "The same content again changes nothing. Another content is a new version, and says what became of trust.",
  ],
  async run(args) {
    const { values } = understood(() => parseArgs({ args: [...args], options: OPTIONS }));
    const { definition, image } = values;
    if (definition === undefined || definition === "") throw new UsageError("--definition is missing");
    const directory = path.resolve(definition);
    const roots = (values.root ?? []).map((root) => path.resolve(root));
    const [before, after] = await withServices(async (ctx) => {
      const found = await findDefinition(ctx, path.basename(directory));
      const carried = image === undefined ? {} : { image: await readImageFolder(path.resolve(image)) };
      return [found, await registerOsDefinition(ctx, { directory, roots, ...carried })] as const;
    });
    for (const line of describeRegistration(before, after)) print(line);
    return 0;
  },
};

async function findDefinition(ctx: RequestContext, name: string): Promise<OsDefinitionDetail | null> {
  try {
    return await getOsDefinition(ctx, name);
  } catch (error) {
    if (isSlipwayError(error) && error.code === "unknown_object") return null;
    throw error;
  }
}

type Registered = Pick<OsDefinitionDetail, "name" | "version" | "digest" | "trusted" | "instanceCount" | "runs">;

/** What is registered now, what became of trust, and which scripts run nowhere; a line each. */
export function describeRegistration(before: Registered | null, after: Registered): string[] {
  const version = `version ${after.version ?? 0}`;
  const uses = after.instanceCount === 0 ? "no instance uses it" : after.instanceCount === 1 ? "1 instance uses it" : `${counted(after.instanceCount, "instance")} use it`;
  const parts = [before !== null && before.digest === after.digest ? `${version} of ${after.name} is the current one already` : `${version} of ${after.name}`, describeTrust(before, after), uses];
  return [parts.join("; "), ...after.runs.flatMap(({ script, refusal }) => (refusal === null ? [] : [`${script}: ${refusal}`]))];
}

function describeTrust(before: Registered | null, after: Registered): string {
  if (before === null || before.digest === after.digest) return after.trusted === null ? "it is not trusted" : "it is trusted";
  const then = `version ${before.version ?? 0}`;
  if (after.trusted === null) return before.trusted === null ? "it is not trusted" : `${then} was trusted, this one is not`;
  return after.trusted.updates ? `it is trusted, because ${after.trusted.by} said that updates are` : `it is trusted, because ${after.trusted.by} trusts this very content`;
}
