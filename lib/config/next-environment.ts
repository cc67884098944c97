/**
 * What Next.js and next-auth take from the environment and from nowhere else.
 */

/** Whether pages are compiled as they are asked for. Next.js puts the answer in when it bundles. */
export const COMPILES_ON_DEMAND = process.env.NODE_ENV === "development";

/** Tells next-auth its own address: otherwise it would have none, or believe what a request says of it. */
export function tellNextAuthItsAddress(publicUrl: string): void {
  process.env["NEXTAUTH_URL"] = publicUrl;
}
