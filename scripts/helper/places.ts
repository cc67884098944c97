/** Where things of the privileged helper lie. All of it is root's: nothing here is below a folder that the ordinary user may write. */
export interface HelperPlaces {
  /** Holds the compiled programs. */
  readonly programs: string;
  /** The administrator's settings for it. */
  readonly config: string;
  /** Its socket and what it remembers while the machine runs. Made anew after a start of the machine. */
  readonly runFolder: string;
  /** What the scripts note of it: its process, and whose it is. */
  readonly notes: string;
  readonly logs: string;
}

export const HELPER_PLACES: HelperPlaces = {
  programs: "/usr/local/lib/slipway",
  config: "/etc/slipway/helper.conf",
  runFolder: "/run/slipway/helper",
  notes: "/run/slipway",
  logs: "/var/log/slipway",
};

/** What the agent needs to know of the helper: agent/config.ts. */
export interface HelperAddress {
  readonly socket: string;
  readonly launcher: string;
}

export function helperAddress(places: HelperPlaces): HelperAddress {
  return { socket: `${places.runFolder}/helper.sock`, launcher: `${places.programs}/slipway-launch` };
}
