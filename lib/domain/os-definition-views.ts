/** What reads of OS definitions answer, for every interface. Times are ISO 8601; no private or secret value is in any of them. */
import type { OsManifest, ParameterDeclaration } from "./os-definition.ts";
import type { ParameterSource, ParameterView } from "./parameters.ts";

/** Who said that the host half may run on hosts, of which content, and why. */
export interface TrustView {
  readonly by: string;
  readonly at: string;
  readonly reason: string;
  /** The version's digest that was trusted. */
  readonly digest: string;
  /** A new version of this definition is trusted as soon as it is registered. */
  readonly updates: boolean;
}

export const OS_ACTIONS = ["upload", "modify", "trust", "blacklist", "delete"] as const;
export type OsAction = (typeof OS_ACTIONS)[number];

export interface OsDefinitionSummary {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly variants: readonly string[];
  /** A user's name; null: the cluster's own, which everybody sees. */
  readonly owner: string | null;
  /** Of the current version; null: untrusted. */
  readonly trusted: TrustView | null;
  readonly hidden: boolean;
  readonly blacklisted: boolean;
  readonly version: number | null;
  readonly digest: string | null;
  readonly instanceCount: number;
  /** Why nothing can be installed with it as things are, whoever asks; null: nothing speaks against it. */
  readonly installRefusal: string | null;
}

export interface OsFileView {
  /** Relative to the definition's folder, with `/`. */
  readonly path: string;
  /** Permission bits: 0o755 or 0o644. */
  readonly mode: number;
  readonly size: number;
  /** sha256, lower-case hex. */
  readonly digest: string;
}

/** Where a script of a definition would run now, by the one rule (lib/domain/place-scripts.ts). */
export interface ScriptRunView {
  readonly script: "create" | "import" | "export" | "rename" | "verify";
  readonly places: readonly ("appliance" | "host")[];
  /** Why it wouldn't run at all; null: it would. */
  readonly refusal: string | null;
}

export interface OsVersionSummary {
  readonly version: number;
  readonly digest: string;
  readonly createdAt: string;
  readonly registeredBy: string;
  /** `upload`, `folder` or `node NAME`. */
  readonly source: string;
  readonly sizeBytes: number;
}

export interface OsVersionDetail extends OsVersionSummary {
  readonly manifest: OsManifest;
  readonly apiVersions: readonly number[];
  readonly variants: readonly string[];
  readonly files: readonly OsFileView[];
  readonly image: { readonly digest: string; readonly sizeBytes: number } | null;
  readonly runs: readonly ScriptRunView[];
}

export interface OsDefinitionDetail extends OsDefinitionSummary {
  readonly serialNo: number;
  /** Users who see it beside its owner. Empty for who may not modify it. */
  readonly sharedWith: readonly string[];
  readonly manifest: OsManifest | null;
  readonly apiVersions: readonly number[];
  readonly files: readonly OsFileView[];
  readonly image: { readonly digest: string; readonly sizeBytes: number } | null;
  readonly runs: readonly ScriptRunView[];
  /** As `runs`, if the current version were trusted, and if nobody trusted it: one of the two is how it is. */
  readonly runsTrusted: readonly ScriptRunView[];
  readonly runsUntrusted: readonly ScriptRunView[];
  /** The newest 50; the rest are listed by pages. */
  readonly versions: readonly OsVersionSummary[];
  /** Why an action can't be taken, by action; an action that isn't named can. */
  readonly blockedActions: Readonly<Partial<Record<OsAction, string>>>;
}

/** A file's content. Text where it is UTF-8 without NUL and of at most a mebibyte. */
export interface OsFileContentView extends OsFileView {
  readonly text: string | null;
  /** Why there is no text. */
  readonly note: "binary" | "too large" | "not stored" | null;
}

export interface DiffHunk {
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  /** Each begins with a blank, `+` or `-`. */
  readonly lines: readonly string[];
}

export interface FileDiff {
  readonly path: string;
  readonly change: "added" | "removed" | "changed" | "mode";
  readonly before: OsFileView | null;
  readonly after: OsFileView | null;
  /** Null where there is no text to compare; `note` says why. */
  readonly hunks: readonly DiffHunk[] | null;
  readonly note: "binary" | "too large" | "not stored" | null;
}

export interface ParameterDiff {
  readonly name: string;
  readonly change: "added" | "removed" | "changed";
  readonly before: ParameterDeclaration | null;
  readonly after: ParameterDeclaration | null;
}

/** What is different between two versions. */
export interface VersionDiff {
  readonly from: { readonly version: number; readonly digest: string };
  /** `version` is null for content that isn't registered (a check before an upload). */
  readonly to: { readonly version: number | null; readonly digest: string };
  readonly files: readonly FileDiff[];
  readonly parameters: readonly ParameterDiff[];
  readonly variants: { readonly added: readonly string[]; readonly removed: readonly string[] };
  /** Other members of the manifest that differ, by name. */
  readonly manifest: readonly string[];
}

/** What an archive holds and what registering it would change. Nothing was stored. */
export interface OsDefinitionCheck {
  readonly name: string;
  readonly digest: string;
  /** Whose definition it would be a version of: an administrator's upload names them. Null: a new one, or the cluster's own. */
  readonly owner: string | null;
  /** The version that holds this very content already; null: it would be a new one. */
  readonly existingVersion: number | null;
  readonly nextVersion: number;
  readonly manifest: OsManifest;
  readonly apiVersions: readonly number[];
  readonly variants: readonly string[];
  readonly files: readonly OsFileView[];
  readonly runs: readonly ScriptRunView[];
  /** Whether it would be trusted at once, because updates of this definition are. */
  readonly trustedAtOnce: boolean;
  /** Against the current version; null: there is none. */
  readonly diff: VersionDiff | null;
  /** Sentences for a person: a script that isn't executable, a parameter of Ganeti's list without a class … */
  readonly warnings: readonly string[];
}

/** A default of a parameter. Of a private one, that it is set. */
export type DefaultView = ParameterView & { readonly updatedBy: string; readonly updatedAt: string };

/** The defaults of one place: the cluster, a definition, or a variant of it. */
export interface DefaultsView {
  readonly from: Extract<ParameterSource, "cluster" | "definition" | "variant">;
  readonly variant: string | null;
  readonly parameters: readonly DefaultView[];
}
