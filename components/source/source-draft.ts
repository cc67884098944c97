import { besideField } from "#components/api/request.ts";
import type { Problem } from "#components/api/request.ts";
import { locationProblem } from "#lib/domain/image-location.ts";
import type { InstallCheck, InstallPlan } from "#lib/domain/install-plan.ts";
import type { Checksum, DiskImage, Medium } from "#lib/domain/install-source.ts";
import { packageUrlProblem } from "#lib/domain/install-source.ts";
import { INSTALLATION_PARAMETERS, installationParameterProblem } from "#lib/domain/installation-parameters.ts";

/** A disk image as it is typed. An empty location: none. */
export interface ImageDraft {
  readonly location: string;
  readonly format: DiskImage["format"];
  readonly compression: DiskImage["compression"];
  /** Hex digits of a sha256 or sha512, of the file; empty: none. */
  readonly checksum: string;
  /** The same, of what is written to the disk. */
  readonly contentChecksum: string;
}

/** What an install is made of beside an OS definition, as it is typed. The package's user name and password stay in their inputs. */
export interface SourceDraft {
  readonly image: ImageDraft;
  /** By installation parameter; empty ones are left out. */
  readonly medium: Medium;
  readonly packageUrl: string;
  readonly packageChecksum: string;
  readonly confirmsFirstBoot: boolean;
  readonly inPlace: boolean;
  /** Numbers of data disks, ascending. */
  readonly replaceDataDisks: readonly number[];
}

export const NO_IMAGE: ImageDraft = { location: "", format: "raw", compression: "none", checksum: "", contentChecksum: "" };
export const NO_SOURCE_DRAFT: SourceDraft = { image: NO_IMAGE, medium: {}, packageUrl: "", packageChecksum: "", confirmsFirstBoot: false, inPlace: false, replaceDataDisks: [] };

/** What counts where nothing is sent: what is stored, or the definition's default. */
export function draftOfPlan(plan: Pick<InstallPlan, "image" | "medium" | "package" | "completion"> | null): SourceDraft {
  if (plan === null) return NO_SOURCE_DRAFT;
  const { image, medium } = plan;
  return {
    ...NO_SOURCE_DRAFT,
    image:
      image === null
        ? NO_IMAGE
        : { location: image.location, format: image.format, compression: image.compression, checksum: checksumText(image.checksum), contentChecksum: checksumText(image.contentChecksum) },
    medium,
    packageUrl: plan.package?.url ?? "",
    packageChecksum: checksumText(plan.package?.checksum ?? null),
    confirmsFirstBoot: plan.completion === "first_boot" && Object.keys(medium).length === 0,
  };
}

/** What a file's name says of it, for a form to begin with; the declaration is the person's, and can be changed. */
export function suggestedForm(location: string): Pick<ImageDraft, "format" | "compression"> {
  const path = location.split(/[?#]/, 1)[0] ?? "";
  const compression = /\.gz$/i.test(path) ? "gzip" : /\.xz$/i.test(path) ? "xz" : /\.zstd?$/i.test(path) ? "zstd" : "none";
  return { format: /\.qcow2?(\.\w+)?$/i.test(path) ? "qcow2" : "raw", compression };
}

export interface PackageBody {
  readonly url: string;
  readonly checksum?: Checksum;
}

/** The part of a request's body that follows from a draft. Left out: as it is. Null: none of it. */
export interface SourceBody {
  readonly image?: DiskImage | null;
  readonly installParameters?: Medium | null;
  readonly package?: PackageBody | null;
  readonly confirmsFirstBoot?: boolean;
  readonly inPlace?: true;
  readonly replaceDataDisks?: readonly number[];
}

/** What of a draft differs from what counts anyway. */
export function sourceBody(draft: SourceDraft, initial: SourceDraft): SourceBody {
  const image = imageBody(draft.image);
  const medium = mediumBody(draft.medium);
  const archive = packageBody(draft);
  return {
    ...(same(image, imageBody(initial.image)) ? {} : { image }),
    ...(same(medium, mediumBody(initial.medium)) ? {} : { installParameters: medium }),
    ...(same(archive, packageBody(initial)) ? {} : { package: archive }),
    ...(draft.confirmsFirstBoot === initial.confirmsFirstBoot ? {} : { confirmsFirstBoot: draft.confirmsFirstBoot }),
    ...(draft.inPlace ? { inPlace: true } : {}),
    ...(draft.replaceDataDisks.length === 0 ? {} : { replaceDataDisks: draft.replaceDataDisks }),
  };
}

/** A body with the package's user name and password. They belong to a package that is named, so that goes with them, changed or not. */
export function withCredentials<Body extends SourceBody>(body: Body, draft: SourceDraft, credentials: { readonly username: string; readonly password: string } | null): Body {
  const archive = packageBody(draft);
  return credentials === null || archive === null ? body : { ...body, package: { ...archive, ...credentials } };
}

/** The package that is typed, whether it has changed or not. */
export function packageBody({ packageUrl, packageChecksum }: Pick<SourceDraft, "packageUrl" | "packageChecksum">): PackageBody | null {
  const url = packageUrl.trim();
  const checksum = checksumOf(packageChecksum);
  return url === "" ? null : { url, ...(checksum === null ? {} : { checksum }) };
}

/** Whether there is anything to install beside or without an OS definition. */
export function hasSystem(draft: Pick<SourceDraft, "image" | "medium">): boolean {
  return draft.image.location.trim() !== "" || mediumBody(draft.medium) !== null;
}

export interface SourceErrors {
  readonly location: string | null;
  readonly checksum: string | null;
  readonly contentChecksum: string | null;
  readonly packageUrl: string | null;
  readonly packageChecksum: string | null;
  /** By installation parameter. */
  readonly medium: Readonly<Record<string, string>>;
}

/** What is wrong with what is typed, by input: the API's own rules, before anything is sent. */
export function sourceErrors(draft: SourceDraft): SourceErrors {
  const location = draft.image.location.trim();
  const url = draft.packageUrl.trim();
  const medium = Object.entries(draft.medium).flatMap(([name, value]) => {
    const problem = value.trim() === "" ? null : sentence(installationParameterProblem(name, value.trim()));
    return problem === null ? [] : [[name, problem] as const];
  });
  return {
    location: location === "" ? null : sentence(locationProblem(location)),
    checksum: checksumProblem(draft.image.checksum),
    contentChecksum: checksumProblem(draft.image.contentChecksum),
    packageUrl: url === "" ? null : sentence(packageUrlProblem(url)),
    packageChecksum: checksumProblem(draft.packageChecksum),
    medium: Object.fromEntries(medium),
  };
}

/** Beside what is wrong by itself: what the API has refused, and what was found where image and package lie. Of the first one of each input. */
export function withFindings(errors: SourceErrors, problems: readonly (Problem | null)[], checks: readonly InstallCheck[]): SourceErrors {
  const refused = (...fields: readonly string[]): string | null => besideField(problems.find((problem) => problem !== null && problem.field !== null && fields.includes(problem.field)) ?? null);
  const found = (id: InstallCheck["id"]): string | null => checks.find((check) => check.id === id && !check.ok)?.text ?? null;
  const medium = problems.flatMap((problem) => {
    const name = /^installParameters\.(.+)$/.exec(problem?.field ?? "")?.[1];
    return name === undefined ? [] : [[name, besideField(problem) ?? ""] as const];
  });
  return {
    location: errors.location ?? refused("image", "image.location", "image.format", "image.compression") ?? found("image"),
    checksum: errors.checksum ?? refused("image.checksum"),
    contentChecksum: errors.contentChecksum ?? refused("image.contentChecksum"),
    packageUrl: errors.packageUrl ?? refused("package", "package.url") ?? found("package"),
    packageChecksum: errors.packageChecksum ?? refused("package.checksum"),
    medium: { ...Object.fromEntries(medium), ...errors.medium },
  };
}

/** The first of them, for the place beside the button; null: nothing is wrong. */
export function firstSourceError(errors: SourceErrors): string | null {
  const named = [
    ["Disk image", errors.location],
    ["Checksum of the image", errors.checksum],
    ["Checksum of the written disk", errors.contentChecksum],
    ...INSTALLATION_PARAMETERS.map((name) => [name, errors.medium[name] ?? null] as const),
    ["Package", errors.packageUrl],
    ["Checksum of the package", errors.packageChecksum],
  ] as const;
  const [what, error] = named.find(([, problem]) => problem !== null) ?? [null, null];
  return what === null || error === null ? null : `${what}: ${error.charAt(0).toLowerCase()}${error.slice(1)}`;
}

function imageBody(image: ImageDraft): DiskImage | null {
  const location = image.location.trim();
  if (location === "") return null;
  return { location, format: image.format, compression: image.compression, checksum: checksumOf(image.checksum), contentChecksum: checksumOf(image.contentChecksum) };
}

function mediumBody(medium: Medium): Medium | null {
  const given = Object.entries(medium).flatMap(([name, value]) => (value.trim() === "" ? [] : [[name, value.trim()] as const]));
  return given.length === 0 ? null : Object.fromEntries(given.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** `sha256:` or `sha512:` may stand before the digits, as many pages write it. */
function digits(typed: string): string {
  return typed.trim().toLowerCase().replace(/^sha(256|512):/, "");
}

function checksumOf(typed: string): Checksum | null {
  const hex = digits(typed);
  if (hex === "") return null;
  return hex.length === 128 ? { sha512: hex } : { sha256: hex };
}

function checksumProblem(typed: string): string | null {
  const hex = digits(typed);
  return hex === "" || /^([0-9a-f]{64}|[0-9a-f]{128})$/.test(hex) ? null : "64 hexadecimal digits of a sha256, or 128 of a sha512.";
}

function checksumText(checksum: Checksum | null): string {
  if (checksum === null) return "";
  return "sha256" in checksum ? checksum.sha256 : checksum.sha512;
}

function sentence(problem: string | null): string | null {
  return problem === null ? null : `It ${problem}.`;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
