import type { InstallView } from "#lib/domain/views.ts";
import type { ActiveInstallState } from "#lib/domain/install-states.ts";

export interface ShownStage {
  readonly state: ActiveInstallState;
  readonly at: string;
  /** Until the next one, or the end; null: it is the one at hand. */
  readonly seconds: number | null;
}

/** The stages that an install went through, with how long each took. */
export function shownStages({ stages, endedAt }: Pick<InstallView, "stages" | "endedAt">): readonly ShownStage[] {
  return stages.map(({ state, at }, index) => {
    const until = stages[index + 1]?.at ?? endedAt;
    return { state, at, seconds: until === null ? null : Math.max(0, (Date.parse(until) - Date.parse(at)) / 1000) };
  });
}
