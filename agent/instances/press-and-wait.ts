import type { RunningGuest } from "../hypervisor/hypervisor.ts";

/** Presses the power button and waits for the guest to go, or for the grace to be over. */
export async function pressAndWait(guest: RunningGuest, graceSeconds: number): Promise<void> {
  const grace = AbortSignal.timeout(graceSeconds * 1_000);
  const graceOver = new Promise<void>((resolve) => {
    grace.addEventListener("abort", () => {
      resolve();
    });
  });
  // A guest that is gone meanwhile has no button to press.
  await guest.pressPowerButton().catch(() => undefined);
  await Promise.race([guest.exited, graceOver]);
}
