import type { Tone } from "#components/status/mark.tsx";

export interface Connection {
  readonly state: "none" | "opening" | "open" | "closed";
  /** Why it ended. */
  readonly why: string | null;
}

export const STATES: Readonly<Record<Connection["state"], { readonly tone: Tone; readonly word: string }>> = {
  none: { tone: "still", word: "Not connected" },
  opening: { tone: "wait", word: "Connecting" },
  open: { tone: "ok", word: "Connected" },
  closed: { tone: "still", word: "Disconnected" },
};

/** Why a console has ended, from the WebSocket's close code: the server's own sentence where it gave one (docs/api.md). */
export function endedWords(code: number, reason: string): string {
  if (reason !== "") return reason;
  return code === 1006 ? "The connection broke off, or was never made: the session may be over." : "The console has ended.";
}
