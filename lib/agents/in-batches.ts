/**
 * Gathers what comes while the last batch was being worked on: one item at a time where little happens, whole batches
 * where much does. Reads no further ahead than one batch.
 */
export async function* inBatches<T>(source: AsyncIterable<T>, limit: number): AsyncGenerator<T[], void, void> {
  const buffer: T[] = [];
  const reader = new Wakeup();
  const room = new Wakeup();
  const state: { failure: { readonly error: unknown } | null; ended: boolean; stopped: boolean } = { failure: null, ended: false, stopped: false };

  async function pump(): Promise<void> {
    try {
      for await (const item of source) {
        buffer.push(item);
        reader.wake();
        while (buffer.length >= limit && !state.stopped) await room.wait();
        if (state.stopped) return;
      }
    } catch (error) {
      state.failure = { error };
    } finally {
      state.ended = true;
      reader.wake();
    }
  }

  void pump(); // never rejects: what went wrong is thrown below, after what came before it
  try {
    for (;;) {
      if (buffer.length > 0) {
        const batch = buffer.splice(0, limit);
        room.wake();
        yield batch;
      } else if (state.ended) {
        if (state.failure !== null) throw state.failure.error;
        return;
      } else {
        await reader.wait();
      }
    }
  } finally {
    state.stopped = true;
    room.wake();
  }
}

/** Something to wait for, one at a time. A wake without a waiter is lost: the waiter looks before it waits. */
class Wakeup {
  #resolve: (() => void) | null = null;

  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  wake(): void {
    this.#resolve?.();
    this.#resolve = null;
  }
}
