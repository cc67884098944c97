import type { Stats } from "node:fs";
import { readdirSync, statSync } from "node:fs";
import path from "node:path";
import type { Config } from "#lib/config/config.ts";
import { PKI_FILES } from "#lib/pki/certificate-authority.ts";
import type { Finding } from "./finding.ts";
import { fail, ok, warn } from "./finding.ts";

/** Whether what is secret on the disk can be read by its user alone. */
export function checkFiles(config: Config): readonly Finding[] {
  const { home, paths } = config;
  const directories = [paths.keys, paths.pki, paths.run].filter((directory) => statIfThere(directory) !== null);
  const files = [
    path.join(home, "admin-password"),
    path.join(paths.run, "database-url"),
    ...namesIn(paths.keys).map((name) => path.join(paths.keys, name)),
    // The authority's own certificate is for everybody; the others have their keys with them.
    ...[PKI_FILES.caKey, PKI_FILES.controller, PKI_FILES.rapi].map((name) => path.join(paths.pki, name)),
    ...(config.masterKey.file === null ? [] : [config.masterKey.file]),
  ].filter((file) => statIfThere(file) !== null);
  const findings = [checkPrivate(home), ...[...directories, ...files].map(checkPrivate)].filter((finding) => finding !== null);
  return findings.length > 0 ? findings : [ok(`${home}, and the ${files.length} secret files there, are open to their user alone`)];
}

/** Null: as it should be. */
function checkPrivate(place: string): Finding | null {
  const stat = statIfThere(place);
  if (stat === null) return fail(`${place} isn't there`);
  if (stat.uid !== process.getuid?.()) return fail(`${place} belongs to another user (${stat.uid}): chown it to the one that the controller runs as`);
  const open = stat.mode & 0o077;
  if (open === 0) return null;
  const mode = (stat.mode & 0o777).toString(8).padStart(4, "0");
  const text = `${place} is open to others (mode ${mode}): chmod ${stat.isDirectory() ? "0700" : "0600"}`;
  // Nobody gets at what is in the home directory while that is closed; a secret should still not rely on it.
  return stat.isDirectory() && (open & 0o007) === 0 ? warn(text) : fail(text);
}

function namesIn(directory: string): readonly string[] {
  return statIfThere(directory) === null ? [] : readdirSync(directory);
}

function statIfThere(file: string): Stats | null {
  return statSync(file, { throwIfNoEntry: false }) ?? null;
}
