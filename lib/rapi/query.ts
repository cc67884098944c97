import { RapiError } from "./errors.ts";

/** The query of a request. A name may be there more than once; the first counts, as in Ganeti. */
export class RapiQuery {
  readonly #values: URLSearchParams;

  constructor(text: string) {
    this.#values = new URLSearchParams(text);
  }

  /** Text; null if it isn't there. */
  text(name: string): string | null {
    return this.#values.get(name);
  }

  /** A switch: any whole number, and nothing else; 0 or left out is off. */
  flag(name: string): boolean {
    const value = this.#values.get(name);
    if (value === null || value === "") return false;
    if (!/^\s*[+-]?\d{1,9}\s*$/.test(value)) throw new RapiError(400, `Invalid value for the '${name}' parameter`);
    return Number(value) !== 0;
  }

  /** Whether one of these names is there. */
  hasAny(names: readonly string[]): boolean {
    return names.some((name) => this.#values.has(name));
  }
}
