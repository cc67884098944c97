import { paths } from "#components/paths.ts";
import { readProblem, UNREACHABLE } from "./request.ts";
import type { Answer } from "./request.ts";

/** Milliseconds: an archive over a slow line, and the time to read it. */
const TIMEOUT_MS = 120_000;

export interface Upload {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  /** How much of it has been sent, 0 to 100. At 100 the controller is at work. */
  readonly onProgress: (percent: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Sends bytes with the session's cookie. As `request`, errors are answers. Not by fetch, which can't tell how much was sent.
 * Null: the signal ended it.
 */
export function upload<T>({ path, bytes, contentType, onProgress, signal }: Upload): Promise<Answer<T> | null> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(null);
      return;
    }
    const call = new XMLHttpRequest();
    call.open("POST", path);
    call.timeout = TIMEOUT_MS;
    call.setRequestHeader("accept", "application/json");
    call.setRequestHeader("content-type", contentType);
    call.upload.onprogress = ({ loaded, total }) => onProgress(total === 0 ? 0 : (loaded / total) * 100);
    call.onload = () => {
      if (call.status === 401) window.location.assign(paths.signIn(`${window.location.pathname}${window.location.search}`));
      resolve(answerOf<T>(call));
    };
    call.onerror = () => resolve({ ok: false, problem: UNREACHABLE });
    call.ontimeout = () => resolve({ ok: false, problem: UNREACHABLE });
    call.onabort = () => resolve(null);
    signal.addEventListener("abort", () => call.abort(), { once: true });
    call.send(bytes);
  });
}

function answerOf<T>(call: XMLHttpRequest): Answer<T> {
  const problem = (): Answer<T> => ({ ok: false, problem: readProblem(call.responseText, call.status, call.getResponseHeader("x-request-id")) });
  if (call.status < 200 || call.status > 299) return problem();
  try {
    // The API is this program's own, and its answers have the types that it declares.
    return { ok: true, value: JSON.parse(call.responseText) as T };
  } catch {
    return problem();
  }
}
