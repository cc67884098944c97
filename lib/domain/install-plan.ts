import type { DiskImage, Medium, PackageSource } from "./install-source.ts";
import type { Completion } from "./install-states.ts";
import type { ApplianceKind, ExpectedStep } from "./os-definition.ts";
import type { ParameterSource, ParameterView, Visibility } from "./parameters.ts";

/** What an install is for. `export` reads the disks and changes nothing, the others fill a new first disk and swap it in. */
export const INSTALL_OPERATIONS = ["create", "reinstall", "import", "rename", "export"] as const;
export type InstallOperation = (typeof INSTALL_OPERATIONS)[number];

/** Where code runs: computed once, used by the preview, the console and the executor. */
export type ScriptPlace =
  | { readonly place: "appliance"; readonly script: PlannedScript; readonly definition: string; readonly digest: string }
  | { readonly place: "host"; readonly script: PlannedScript; readonly definition: string; readonly digest: string; readonly trustedBy: string; readonly trustedAt: string };
export type PlannedScript = "create" | "import" | "export" | "rename";

/** What an install will do, decided before anything is touched. Holds no value of any parameter. */
export interface InstallPlan {
  readonly operation: InstallOperation;
  /** `name+variant`; null: without an OS definition. */
  readonly osType: string | null;
  readonly definitionVersion: number | null;
  readonly definitionDigest: string | null;
  /** Dumped to the first disk before anything runs. */
  readonly image: DiskImage | null;
  readonly runs: readonly ScriptPlace[];
  /** The system in which the untrusted half runs; null: none of it does. */
  readonly appliance: ApplianceKind | null;
  /** The instance's own machine starts from these, on the new disk, before it is started from that. Empty: no medium. */
  readonly medium: Medium;
  /** Laid over the installed filesystem, in the appliance. */
  readonly package: PackageSource | null;
  /** The definition's `verify` looks at the parameters before anything is touched, in the appliance, without a disk. */
  readonly verifiesFirst: boolean;
  readonly completion: Completion;
  /** Null: an export, which only reads. */
  readonly replacesDisk: { readonly index: 0; readonly sizeMib: number } | null;
  /** Data disks that are made anew too, because the request named them. */
  readonly replacesDataDisks: readonly { readonly index: number; readonly sizeMib: number }[];
  readonly keepsDisks: readonly { readonly index: number; readonly sizeMib: number }[];
  /** The first disk itself is written to: what was on it is lost once that has begun, also where the install fails. */
  readonly inPlace: boolean;
  /** Seconds for which the replaced disks are kept; null where there is none to keep. */
  readonly retainPreviousSeconds: number | null;
  readonly timeoutSeconds: number | null;
  /** Power state afterwards; null: as before. */
  readonly start: boolean | null;
  readonly steps: readonly ExpectedStep[];
}

/** A parameter as a form shows it: declared by the definition, or kept from the last install where nothing is declared. */
export interface ParameterPrompt {
  readonly name: string;
  /** In which it is to be sent. */
  readonly visibility: Visibility;
  readonly type: "string" | "text" | "password" | "boolean" | "integer" | "choice";
  readonly required: boolean;
  /** The definition's own. */
  readonly default: string | null;
  readonly choices: readonly string[];
  readonly pattern: string | null;
  readonly help: string;
  /** What counts if nothing is sent, and where it is from: a default that was set, or the last install; null: `default`, or nothing. */
  readonly current: ParameterView | null;
  /** Must be sent with this request: a required value that is neither kept nor has a default, or a secret of the last install. */
  readonly mustSend: boolean;
}

export interface InstallCheck {
  readonly id: "node" | "room" | "definition" | "disk" | "parameters" | "lock" | "appliance" | "channel" | "image" | "medium" | "package";
  readonly ok: boolean;
  /** A sentence for the person: "node1 answers, 61 GiB free". */
  readonly text: string;
}

/** The answer of the preview of a create or reinstall. */
export interface InstallPreview {
  readonly plan: InstallPlan;
  readonly parameters: readonly ParameterPrompt[];
  /** Names of secrets that must be typed again. */
  readonly secretsToSend: readonly string[];
  /** The package was fetched with a user name and password, and they aren't kept. */
  readonly needsPackageCredentials: boolean;
  readonly checks: readonly InstallCheck[];
  /** Seconds the last installs with this definition took, median; null where there were none. */
  readonly expectedSeconds: number | null;
}

export type { ParameterSource };
