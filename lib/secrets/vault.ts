import type { SecretVault } from "#lib/context/context.ts";
import type { Secret } from "#lib/domain/visibility.ts";

/**
 * Secret values of the jobs that this process accepted (design: "memory of the process that accepted the request … until
 * the job ends, then dropped"). They are nowhere else: when the process goes, its jobs fail and say what to send again.
 */
export function createSecretVault(): SecretVault {
  return new MemoryVault();
}

class MemoryVault implements SecretVault {
  // Private to the object, and sealed values inside: however it is printed, nothing shows.
  readonly #values = new Map<number, ReadonlyMap<string, Secret<string>>>();

  put(jobId: number, values: ReadonlyMap<string, Secret<string>>): void {
    this.#values.set(jobId, new Map(values));
  }

  get(jobId: number): ReadonlyMap<string, Secret<string>> | null {
    return this.#values.get(jobId) ?? null;
  }

  drop(jobId: number): void {
    this.#values.delete(jobId);
  }

  jobIds(): readonly number[] {
    return [...this.#values.keys()];
  }
}
