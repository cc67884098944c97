/**
 * Leases (design: install, "Order of things"): an agent goes on with an install while a controller renews its lease, and
 * never swaps a disk without one. So a controller that heard nothing may call an install failed once the lease is over.
 */
export const LEASE = {
  /** Seconds that each renewal gives. */
  seconds: 60,
  /** Seconds between renewals. */
  renewEverySeconds: 15,
  /** Seconds added before a lease counts as over here: a message may arrive as late as its call may take (15), and clocks differ. */
  marginSeconds: 20,
  /** Seconds for which a node that doesn't answer is tried before an order was sent. */
  dispatchSeconds: 20,
  /** Milliseconds between two tries. */
  retryMs: 2_000,
  /** Milliseconds in which an order that was sent may still be on its way. */
  inFlightMs: 30_000,
} as const;

/** Whether an agent that got its order or its last renewal then can't act on it any more. */
export function leaseIsOver(from: Date, now: Date): boolean {
  return now.getTime() > from.getTime() + (LEASE.seconds + LEASE.marginSeconds) * 1_000;
}

/** Whether an agent that doesn't know an order may still get it. */
export function mayBeInFlight(sentAt: Date, now: Date): boolean {
  return now.getTime() < sentAt.getTime() + LEASE.inFlightMs;
}
