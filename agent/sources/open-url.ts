import type { IncomingMessage } from "node:http";
import { locationProblem } from "#lib/domain/image-location.ts";
import type { FetchOptions } from "./fetch-options.ts";
import { requestOnce } from "./request-once.ts";
import { hostOf } from "./resolve-host.ts";
import { PassingFailure, SourceChanged, sourceError } from "./source-error.ts";

const MOST_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];
/** Answers after which another try may be luckier (RFC 9110, 9211 and common sense). */
const PASSING = [408, 425, 429, 500, 502, 503, 504];

/** An answer that has something to give: 200, or 206 to a request for a range. Its body is read, or destroyed, by the caller. */
export interface Answer {
  readonly response: IncomingMessage;
  /** Who gave it, after redirects: for messages. */
  readonly host: string;
}

/**
 * Asks for a URL, follows at most five redirects, each checked as the first was: http and https alone, never from https to http, never
 * to a private address. Credentials go to the first origin and are left behind for good with the first redirect away from it.
 *
 * @throws SlipwayError source_refused; source_failed, as PassingFailure where another try may help, as SourceChanged where a range isn't there
 */
export async function openUrl(location: string, options: FetchOptions, headers: Readonly<Record<string, string>>): Promise<Answer> {
  const { field } = options;
  let url = parse(location, field, "The address");
  const origin = url.origin;
  let isAuthorized = true;
  for (let redirects = 0; ; redirects++) {
    isAuthorized &&= url.origin === origin;
    const response = await requestOnce(url, { ...options, headers, isAuthorized });
    const status = response.statusCode ?? 0;
    if (status === 200 || (status === 206 && "Range" in headers)) return { response, host: hostOf(url) };
    // An error's page, or a redirect's, is nobody's image.
    response.destroy();
    if (status === 416) throw new SourceChanged(`What lies at ${hostOf(url)} is shorter than it was when its download began.`, field);
    if (!REDIRECTS.includes(status)) throw statusError(status, response.statusMessage ?? "", hostOf(url), field);
    if (redirects === MOST_REDIRECTS) throw sourceError("source_failed", `${hostOf(url)} redirects, for the ${String(MOST_REDIRECTS + 1)}th time.`, field);
    const next = response.headers.location;
    if (next === undefined || !URL.canParse(next, url)) throw sourceError("source_failed", `${hostOf(url)} redirects to nowhere.`, field);
    const to = parse(new URL(next, url).href.replace(/#.*$/, ""), field, `What ${hostOf(url)} redirects to`);
    if (url.protocol === "https:" && to.protocol !== "https:") throw sourceError("source_refused", `${hostOf(url)} redirects from https to http, which is refused.`, field);
    url = to;
  }
}

function parse(location: string, field: string, what: string): URL {
  const problem = location.startsWith("/") ? "must be an http or https address" : locationProblem(location);
  if (problem !== null) throw sourceError("source_refused", `${what} ${problem}.`, field);
  return new URL(location);
}

function statusError(status: number, phrase: string, host: string, field: string): Error {
  // Its own words are the server's to choose: a short line of letters, or nothing.
  const said = /^[A-Za-z -]{1,40}$/.test(phrase) ? ` ${phrase}` : "";
  const text = `${host} answered ${String(status)}${said}.`;
  return PASSING.includes(status) ? new PassingFailure(text, field) : sourceError("source_failed", text, field);
}
