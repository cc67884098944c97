import { randomBytes } from "node:crypto";
import { createScanner, type Canary, type Scanner } from "#scripts/canary/scan.ts";

/** The values of one request, and what the script is to do with them. */
export interface Planted {
  readonly word: string;
  readonly remark: string;
  readonly passphrase: string;
}

/** One fresh value of each class. */
export function plantAll({ plants }: { readonly plants: Plants }, step: string): Planted {
  return {
    word: plants.plantPlain(`word at ${step}`, "public"),
    remark: plants.plant(`remark at ${step}`, "private"),
    passphrase: plants.plant(`passphrase at ${step}`, "secret"),
  };
}

/** Makes values that are found again wherever they went: each fresh, all with one mark in them. */
export class Plants {
  /** What every value holds. */
  readonly marker = randomBytes(8).toString("hex");
  readonly #canaries: Canary[] = [];

  get canaries(): readonly Canary[] {
    return this.#canaries;
  }

  /** A fresh value with characters that each of the encodings has to do something about. */
  plant(name: string, visibility: Canary["visibility"]): string {
    return this.#keep(name, visibility, `${randomBytes(4).toString("base64url")} "ü${this.marker}/+&=" ${randomBytes(6).toString("hex")}`);
  }

  /** One for a place that takes letters and digits only. */
  plantPlain(name: string, visibility: Canary["visibility"]): string {
    return this.#keep(name, visibility, `p${this.marker}${randomBytes(6).toString("hex")}`);
  }

  /** Looks for everything that has been planted so far. */
  scanner(): Scanner {
    return createScanner(this.#canaries, this.marker);
  }

  #keep(name: string, visibility: Canary["visibility"], value: string): string {
    this.#canaries.push({ name, visibility, value });
    return value;
  }
}
