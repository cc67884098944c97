import { readFile } from "node:fs/promises";
import { isAbsolute } from "node:path";
import { z } from "zod";

const absolutePath = z.string().refine(isAbsolute, "must be an absolute path");

const common = {
  /** The name that its certificate is for. */
  nodeName: z.string().min(1).max(253),
  /** Everything that it keeps: blobs, instances, journal. Must be writable, and is the agent's alone. */
  dataDir: absolutePath,
  /** Port 0: any free one. The address is written to `<dataDir>/agent-address.json`. */
  listen: z.strictObject({ host: z.string().min(1), port: z.number().int().min(0).max(65_535) }),
  /** PEM files: its certificate and key, and the cluster's CA. */
  tls: z.strictObject({ certFile: absolutePath, keyFile: absolutePath, caFile: absolutePath }),
  /** Names that a client's certificate may carry. */
  allowedClients: z.array(z.string().min(1)).min(1).max(64),
  /**
   * Folders whose subfolders with a `ganeti_api_version` are OS definitions that controllers may take in, and in which links of
   * theirs may end. None unless listed.
   */
  osRoots: z.array(absolutePath).max(16).default([]),
  /** Folders of the node in which disk images and install media may lie. None unless listed. */
  imageFolders: z.array(absolutePath).max(64).default([]),
  /** MiB that images fetched with a checksum may take on the node, so that they needn't be fetched again; 0: none is kept. */
  imageCacheMib: z.number().int().min(0).max(16_777_216).default(10_240),
};

/** The agent's settings, one JSON file. Unknown keys are refused. */
export const agentConfigSchema = z.discriminatedUnion("mode", [
  /** No root anywhere, QEMU's user network (design: machine, "Session mode"). */
  z.strictObject({ ...common, mode: z.literal("session") }),
  /** With the privileged helper, which makes guests' interfaces (design: machine, "System mode"): its socket, and the programs that hand them over and run scripts. */
  z.strictObject({
    ...common,
    mode: z.literal("system"),
    helper: z.strictObject({
      socket: absolutePath,
      launcher: absolutePath,
      /** What runs trusted scripts by way of the helper; left out: `slipway-script` beside the launcher. */
      scripts: absolutePath.optional(),
    }),
  }),
]);
export type AgentConfig = z.infer<typeof agentConfigSchema>;

/** Reads the settings; an error names the key that is wrong. */
export async function loadAgentConfig(file: string): Promise<AgentConfig> {
  const result = agentConfigSchema.safeParse(JSON.parse(await readFile(file, "utf8")));
  if (result.success) return result.data;
  throw new Error(`${file}: ${z.prettifyError(result.error)}`);
}
