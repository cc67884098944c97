import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { findGuests } from "#scripts/down/stop-guests.ts";
import type { HelperAddress } from "#scripts/helper/places.ts";
import { writePrivateFile } from "./private-file.ts";
import type { UpSettings } from "./settings.ts";
import { Refusal } from "./terminal.ts";

/** How an agent reaches the network for its guests, as its settings have it: agent/config.ts. */
export type AgentMode = { readonly mode: "session" } | { readonly mode: "system"; readonly helper: HelperAddress };

/** Whatever else an administrator has written in there stays. */
const configSchema = z.looseObject({ mode: z.enum(["session", "system"]), helper: z.object({ socket: z.string(), launcher: z.string() }).optional() });

/** What this process was told: in system mode the half of the command that is root's has started the helper, and says where it is. */
export function wantedMode({ mode, helper }: UpSettings): AgentMode {
  if (mode === "session") return { mode };
  if (helper === null) throw new Error("this is the second half of a command; the first half starts the helper and says where it is");
  return { mode, helper };
}

export function agentConfigFile(agentDirectory: string): string {
  return path.join(agentDirectory, "config.json");
}

/**
 * Whether the agent's settings say something else than is wanted now.
 *
 * @throws Refusal where that would be another mode and guests run: a link of the one mode means nothing in the other.
 */
export function changesMode(agentDirectory: string, wanted: AgentMode["mode"]): boolean {
  const file = agentConfigFile(agentDirectory);
  if (!existsSync(file)) return false;
  const { mode } = configSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  if (mode === wanted) return false;
  const machines = findGuests(agentDirectory).filter(({ isMachine }) => isMachine).length;
  if (machines === 0) return true;
  throw new Refusal(
    `${machines === 1 ? "a virtual machine runs" : `${machines} virtual machines run`} in ${mode} mode, and can't be taken along to ${wanted} mode. Stop them first: npm run down`,
  );
}

/** Where the helper of an agent in system mode is; null in session mode, and where there is no agent. */
export function helperOfAgent(agentDirectory: string): HelperAddress | null {
  const file = agentConfigFile(agentDirectory);
  return existsSync(file) ? (configSchema.parse(JSON.parse(readFileSync(file, "utf8"))).helper ?? null) : null;
}

/** Writes the mode into the settings of an agent that doesn't run, and leaves everything else in there as it is. */
export function writeMode(agentDirectory: string, wanted: AgentMode): void {
  const file = agentConfigFile(agentDirectory);
  const { helper: _helper, ...config } = configSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  writePrivateFile(file, `${JSON.stringify({ ...config, ...wanted }, null, 2)}\n`);
}
