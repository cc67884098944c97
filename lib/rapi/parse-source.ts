/** What an instance is installed from, as the remote API's clients say it: fields of ours beside Ganeti's (design: rapi, "Conventions"). */
import { z } from "zod";
import { unsupportedField } from "./body.ts";

const COMPRESSIONS: Readonly<Record<string, string>> = { "": "none", ".gz": "gzip", ".xz": "xz", ".zst": "zstd" };
const FORMAT = /^(raw|qcow2)(\.(?:gz|xz|zst))?$/;
const CHECKSUM = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

export const SOURCE_BODY = {
  /** A location; empty: none. Ganeti has it among the public OS parameters, as `os-image`. */
  os_image: z.string().nullish(),
  /** `raw` unless given, or `qcow2`; compressed with `.gz`, `.xz` or `.zst` after it. */
  os_image_format: z.string().regex(FORMAT).nullish(),
  /** `sha256:…` or `sha512:…`, of the file. */
  os_image_checksum: z.string().toLowerCase().regex(CHECKSUM).nullish(),
  /** Installation parameters by Ganeti's names; an empty map: none. */
  install_params: z.record(z.string(), z.string()).nullish(),
  /** The URL of a package; empty: none. */
  personalization_package: z.string().nullish(),
  personalization_package_user: z.string().nullish(),
  personalization_package_password: z.string().nullish(),
} as const;

type SourceBody = { readonly [Field in keyof typeof SOURCE_BODY]?: z.output<(typeof SOURCE_BODY)[Field]> };

/** Ganeti's name for it among OS parameters. */
const OS_IMAGE = "os-image";

interface WithOsparams extends SourceBody {
  readonly osparams?: Readonly<Record<string, string>> | null | undefined;
}

/** The same body with `os-image` taken out of its OS parameters. The field of its own counts before it. */
export function liftImage<Body extends WithOsparams>(body: Body): Body {
  if (body.osparams?.[OS_IMAGE] === undefined) return body;
  const { [OS_IMAGE]: image, ...osparams } = body.osparams;
  return { ...body, osparams, os_image: body.os_image ?? image };
}

/** Fields that say more of another one. */
const BELONGS_TO = [
  ["os_image_format", "os_image"],
  ["os_image_checksum", "os_image"],
  ["personalization_package_user", "personalization_package"],
  ["personalization_package_password", "personalization_package"],
] as const satisfies readonly (readonly [keyof SourceBody, keyof SourceBody])[];

/**
 * In the terms of our own schemas, which check the values themselves. What isn't sent isn't there.
 *
 * @throws RapiError 400 for a field without the one that it belongs to
 */
export function sentSource(body: SourceBody): Readonly<Record<string, unknown>> {
  for (const [field, of] of BELONGS_TO) {
    if (typeof body[field] === "string" && typeof body[of] !== "string") throw unsupportedField(field, `it belongs to ${of}, which has to be sent with it`);
  }
  const { os_image: image, install_params: medium, personalization_package: url } = body;
  return {
    ...(image === null || image === undefined ? {} : { image: image === "" ? null : imageOf(image, body) }),
    ...(medium === null || medium === undefined ? {} : { installParameters: Object.keys(medium).length === 0 ? null : medium }),
    ...(url === null || url === undefined ? {} : { package: url === "" ? null : packageOf(url, body) }),
  };
}

function imageOf(location: string, { os_image_format: declared, os_image_checksum: checksum }: SourceBody): Readonly<Record<string, unknown>> {
  const [, format = "raw", ending = ""] = FORMAT.exec(declared ?? "raw") ?? [];
  const [algorithm, digest] = checksum?.split(":") ?? [];
  return { location, format, compression: COMPRESSIONS[ending], ...(algorithm === undefined ? {} : { checksum: { [algorithm]: digest } }) };
}

function packageOf(url: string, { personalization_package_user: username, personalization_package_password: password }: SourceBody): Readonly<Record<string, unknown>> {
  return { url, ...(username === null || username === undefined ? {} : { username }), ...(password === null || password === undefined ? {} : { password }) };
}
