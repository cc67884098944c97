import type { Instance } from "../instances/instance.ts";

export type FirstBoot = "confirmed" | "silent" | "ended" | "unwatched";

export interface FirstBootWatch {
  /** How it went. Throws the signal's reason when aborted. */
  readonly outcome: (signal: AbortSignal) => Promise<FirstBoot>;
}

/**
 * Watches an instance's serial console for what its system says once it is up. Made before the system is started, so that
 * nothing is missed. The time counts from here.
 */
export function watchFirstBoot(instance: Instance, marker: string | null, seconds: number): FirstBootWatch {
  if (marker === null) return { outcome: () => Promise.resolve("unwatched") };
  let stopWatching: () => void = () => undefined;
  const seen = new Promise<FirstBoot>((resolve) => {
    stopWatching = instance.serial.watch(marker, () => {
      resolve("confirmed");
    });
  });
  const until = performance.now() + seconds * 1_000;
  return {
    outcome: async (signal) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<FirstBoot>((resolve) => {
        timer = setTimeout(resolve, Math.max(0, until - performance.now()), "silent");
      });
      const ended = instance.guest?.exited.then((): FirstBoot => "ended") ?? Promise.resolve<FirstBoot>("ended");
      let onAbort: () => void = () => undefined;
      const aborted = new Promise<never>((_resolve, reject) => {
        onAbort = () => {
          // The reason is the error that ends the install.
          reject(signal.reason as Error);
        };
        if (signal.aborted) onAbort();
        else signal.addEventListener("abort", onAbort, { once: true });
      });
      try {
        // The marker first: a system that said it and ended was up.
        return await Promise.race([seen, ended, late, aborted]);
      } finally {
        clearTimeout(timer);
        stopWatching();
        signal.removeEventListener("abort", onAbort);
      }
    },
  };
}

/** What is to be said of a first boot that wasn't confirmed; null where there is nothing to say. */
export function describeFirstBoot(outcome: FirstBoot, seconds: number): string | null {
  switch (outcome) {
    case "confirmed":
    case "unwatched":
      return null;
    case "silent":
      return `The first boot is unconfirmed: within ${String(seconds)} seconds the console didn't show what the OS definition says it would.`;
    case "ended":
      return "The first boot is unconfirmed: the virtual machine ended before the console showed that the system is up.";
  }
}
