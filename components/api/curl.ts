import type { Visibility } from "#lib/domain/parameters.ts";

/** A request as somebody would make it by hand. Values of sealed parameters aren't in it: it asks for them when it is run. */
export interface CurlRequest {
  readonly method: "POST" | "PATCH" | "DELETE";
  readonly url: string;
  readonly user: string;
  readonly body: Readonly<Record<string, unknown>> & { readonly parameters?: Readonly<Partial<Record<Visibility, Readonly<Record<string, string>>>>> };
  readonly sealed: readonly { readonly name: string; readonly visibility: "private" | "secret" }[];
  /** Where in the body the three maps are: in `parameters` unless said otherwise, or at its top. */
  readonly sealedIn?: "parameters" | "body";
  /** Other values that are typed when it runs, by their place in the body: a package's user name and password. */
  readonly prompts?: readonly { readonly label: string; readonly path: readonly [string, string] }[];
  /** Fields at the top of the body that it reads from files when it is run: user data. */
  readonly files?: readonly { readonly field: string; readonly file: string }[];
}

/**
 * The request as a shell command. Sealed values are typed when it runs, and go from there through pipes: never onto a command
 * line, where every user of the machine could read them. curl asks for the password of the account by itself.
 */
export function curlCommand({ method, url, user, body, sealed, sealedIn = "parameters", prompts = [], files: read = [] }: CurlRequest): string {
  const call = `curl --fail-with-body --request ${method} --user ${quote(user)}`;
  if (sealed.length + prompts.length + read.length === 0) return `${call} \\\n  --json ${quote(JSON.stringify(body))} \\\n  ${quote(url)}`;
  const asked = [
    ...sealed.map(({ name, visibility }) => ({ label: name, place: `${sealedIn === "body" ? "" : ".parameters"}.${visibility}[${JSON.stringify(name)}]` })),
    ...prompts.map(({ label, path: [part, field] }) => ({ label, place: `.${part}.${field}` })),
  ];
  const variables = asked.map((one, index) => ({ ...one, variable: `value${index + 1}` }));
  const reads = variables.map(({ label, variable }) => `read -rsp ${quote(`${label}: `)} ${variable}; echo`);
  const files = [...variables.map(({ variable }) => `--rawfile ${variable} <(printf %s "$${variable}")`), ...read.map(({ file }, index) => `--rawfile file${index + 1} ${quote(file)}`)];
  const sets = variables.map(({ place, variable }) => `${place} = $${variable}`);
  const reading = read.map(({ field }, index) => `.${field} = $file${index + 1}`);
  return [
    ...reads,
    `${call} \\`,
    `  --json @<(jq -n ${files.join(" ")} \\`,
    `    ${quote(`${JSON.stringify(body)} | ${[...sets, ...reading].join(" | ")}`)}) \\`,
    `  ${quote(url)}`,
  ].join("\n");
}

/** The upload of a file as a shell command. */
export function curlUpload({ url, user, contentType, file }: { readonly url: string; readonly user: string; readonly contentType: string; readonly file: string }): string {
  // Otherwise curl would take a leading `-` or a `;` for something of its own.
  const path = /^[\w.][\w. -]*$/.test(file) ? file : "definition.tar.gz";
  return `curl --fail-with-body --request POST --user ${quote(user)} \\\n  --header ${quote(`content-type: ${contentType}`)} --data-binary ${quote(`@${path}`)} \\\n  ${quote(url)}`;
}

/** For a POSIX shell. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
