import { SlipwayError } from "#lib/domain/errors.ts";
import type { HostScripts } from "./host-scripts.ts";

/** Session mode: scripts on the host run as root, and nothing of the agent is. */
export const NO_HOST_SCRIPTS: HostScripts = {
  available: false,
  run: () => Promise.reject(new SlipwayError("unsupported", "This node runs no scripts of OS definitions on itself: it has no privileged helper.")),
};
