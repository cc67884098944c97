import type { CredentialsForm } from "./use-credentials.ts";
import { packageBody, sourceBody } from "./source-draft.ts";
import type { SourceBody, SourceDraft } from "./source-draft.ts";
import type { SourceForm } from "./use-source.ts";

/** What a command asks for when it is run. */
export const PACKAGE_PROMPTS = [
  { label: "user name of the package", path: ["package", "username"] },
  { label: "password of the package", path: ["package", "password"] },
] as const;

/** The body to look at and to copy: no user name and password, but the package that they belong to. */
export function sourceOutline({ draft, initial }: SourceForm, withCredentials: boolean): SourceBody {
  const archive = packageBody(draft);
  return { ...sourceBody(draft, initial), ...(withCredentials && archive !== null ? { package: archive } : {}) };
}

/** What is missing of a package's user name and password; null: nothing. */
export function credentialsProblem(draft: Pick<SourceDraft, "packageUrl" | "packageChecksum">, needed: boolean, filled: CredentialsForm["filled"]): string | null {
  if (packageBody(draft) === null || filled === "both") return null;
  if (filled === "one") return "The package needs a user name and a password, or neither";
  return needed ? "The package’s user name and password are missing" : null;
}
