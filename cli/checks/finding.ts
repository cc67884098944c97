/** What a check has found: a sentence without its full stop. */
export interface Finding {
  /** `warn`: works, and could let something out. `fail`: doesn't work, or lets it out. */
  readonly level: "ok" | "warn" | "fail";
  readonly text: string;
}

export const ok = (text: string): Finding => ({ level: "ok", text });
export const warn = (text: string): Finding => ({ level: "warn", text });
export const fail = (text: string): Finding => ({ level: "fail", text });
