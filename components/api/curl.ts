import type { Visibility } from "#lib/domain/parameters.ts";

/** A request as somebody would make it by hand. Values of sealed parameters aren't in it: it asks for them when it is run. */
export interface CurlRequest {
  readonly method: "POST" | "DELETE";
  readonly url: string;
  readonly user: string;
  readonly body: Readonly<Record<string, unknown>> & { readonly parameters?: Readonly<Partial<Record<Visibility, Readonly<Record<string, string>>>>> };
  readonly sealed: readonly { readonly name: string; readonly visibility: "private" | "secret" }[];
}

/**
 * The request as a shell command. Sealed values are typed when it runs, and go from there through pipes: never onto a command
 * line, where every user of the machine could read them. curl asks for the password of the account by itself.
 */
export function curlCommand({ method, url, user, body, sealed }: CurlRequest): string {
  const call = `curl --fail-with-body --request ${method} --user ${quote(user)}`;
  if (sealed.length === 0) return `${call} \\\n  --json ${quote(JSON.stringify(body))} \\\n  ${quote(url)}`;
  const variables = sealed.map(({ name, visibility }, index) => ({ name, visibility, variable: `value${index + 1}` }));
  const reads = variables.map(({ name, variable }) => `read -rsp ${quote(`${name}: `)} ${variable}; echo`);
  const files = variables.map(({ variable }) => `--rawfile ${variable} <(printf %s "$${variable}")`);
  const sets = variables.map(({ name, visibility, variable }) => `.parameters.${visibility}[${JSON.stringify(name)}] = $${variable}`);
  return [
    ...reads,
    `${call} \\`,
    `  --json @<(jq -n ${files.join(" ")} \\`,
    `    ${quote(`${JSON.stringify(body)} | ${sets.join(" | ")}`)}) \\`,
    `  ${quote(url)}`,
  ].join("\n");
}

/** For a POSIX shell. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
