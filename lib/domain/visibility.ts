/**
 * The three classes of parameter as types (design: "Parameters: public, private, secret").
 *
 * A value of class private or secret is an object from the moment that it is parsed. It prints, serialises and inspects
 * as `<redacted>`; `open()` is the one way to its content, and a lint rule lists the files that may call it.
 */

export const VISIBILITIES = ["public", "private", "secret"] as const;
export type Visibility = (typeof VISIBILITIES)[number];

/** What stands in the place of a value that may not be shown. */
export const REDACTED = "<redacted>";

/** Marks the objects across copies of this module: the server and its bundled pages each load one. */
const BRAND: unique symbol = Symbol.for("slipway.sealed-value");

class SealedValue<T> {
  readonly #content: T;
  readonly [BRAND]: "private" | "secret";

  constructor(visibility: "private" | "secret", content: T) {
    this.#content = content;
    this[BRAND] = visibility;
  }

  get visibility(): "private" | "secret" {
    return this[BRAND];
  }

  /** The content. Only the files that the lint rule lists may call this. */
  open(): T {
    return this.#content;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.toPrimitive](): string {
    return REDACTED;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return REDACTED;
  }
}

/** A value that is stored encrypted and never shown. */
export interface Private<T> {
  readonly visibility: "private";
  open(): T;
}

/** A value that is held in memory until its job ends, and nowhere else. */
export interface Secret<T> {
  readonly visibility: "secret";
  open(): T;
}

export type Sealed<T> = Private<T> | Secret<T>;

/** Wraps a value of class private. */
export function privateValue<T>(content: T): Private<T> {
  // The class carries the class of its content at run time; the cast gives that fact to the type.
  return new SealedValue("private", content) as Private<T>;
}

/** Wraps a value of class secret. */
export function secretValue<T>(content: T): Secret<T> {
  // As above.
  return new SealedValue("secret", content) as Secret<T>;
}

/** Whether something is a private or secret value, whichever copy of this module made it. */
export function isSealed(value: unknown): value is Sealed<unknown> {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** How strict a class is: 0 public, 1 private, 2 secret. */
export function strictness(visibility: Visibility): 0 | 1 | 2 {
  switch (visibility) {
    case "public":
      return 0;
    case "private":
      return 1;
    case "secret":
      return 2;
  }
}

/** The stricter of two classes: a value sent in a higher class than its floor stays in the higher class. */
export function stricter(a: Visibility, b: Visibility): Visibility {
  return strictness(a) >= strictness(b) ? a : b;
}
