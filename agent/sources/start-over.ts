import { SourceChanged, sourceError } from "./source-error.ts";

const MOST_BEGINNINGS = 3;

/**
 * Does something with a download, from its beginning again where what lies there has changed on the way, at most three times.
 *
 * @throws SlipwayError source_failed with the last reason; whatever else `work` throws
 */
export async function withNewBeginnings<T>(field: string, work: () => Promise<T>): Promise<T> {
  for (let beginnings = 1; ; beginnings++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof SourceChanged)) throw error;
      if (beginnings === MOST_BEGINNINGS) throw sourceError("source_failed", `${error.message} It was begun ${String(beginnings)} times.`, field, error);
    }
  }
}
