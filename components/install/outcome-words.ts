import type { InstallView } from "#lib/domain/views.ts";

type Ended = Pick<InstallView, "plan" | "confirmed" | "overwritten">;

/** What an install that is done is called. One that nobody confirmed is over, and no more is known. */
export function doneWord({ plan, confirmed }: Pick<Ended, "plan" | "confirmed">): string {
  if (plan.completion === "first_boot" && confirmed === false) return "Ended, unconfirmed.";
  switch (plan.operation) {
    case "create":
    case "reinstall":
      return "Installed.";
    case "import":
      return "Imported.";
    case "export":
      return "Exported.";
    case "rename":
      return "Renamed.";
  }
}

/** By what it was known to have ended (design: install, "Success is said, not inferred"). */
export function doneReason({ plan, confirmed }: Pick<Ended, "plan" | "confirmed">): string {
  switch (plan.completion) {
    case "reported":
      return "The script said that it is done";
    case "written":
      return "What is on the disk reads back as what was fetched";
    case "first_boot":
      return confirmed === false ? "Its system was started and never said that it is done: it went off, or the time was up. Look at it" : "Its system said that it is done, or somebody said so for it";
  }
}

/** What an install that didn't work has left behind. */
export function leftBehind({ plan, overwritten }: Pick<Ended, "plan" | "overwritten">): string {
  switch (plan.operation) {
    case "create":
    case "import":
      return "The instance is listed as failed, with its log: reinstall or delete it.";
    case "reinstall":
      return overwritten ? "Its disk had been written to, in place: the instance has no system. Reinstall it." : "The instance is as it was before: its disk and its power state are untouched.";
    case "rename":
      return "The instance is as it was before, under its old name.";
    case "export":
      return "The instance is as it was before, and no export is kept.";
  }
}
