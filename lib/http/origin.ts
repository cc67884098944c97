const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Whether a request that brings the session cookie comes from a page of ours. Browsers send `Origin` with every request that
 * can change something; one without it, or from elsewhere, is somebody else's page using the person's cookie.
 *
 * Ours is the public address, and whatever address the browser itself asked for: the cookie belongs to that host, so a
 * foreign page can't be both there and have the cookie.
 */
export function isFromOurPages(method: string, headers: Headers, publicUrl: string): boolean {
  if (SAFE_METHODS.has(method)) return true;
  const origin = parseOrigin(headers.get("origin"));
  if (origin === null) return false;
  return origin.origin === new URL(publicUrl).origin || origin.host === headers.get("host");
}

function parseOrigin(origin: string | null): URL | null {
  return origin === null || !/^https?:\/\//.test(origin) || !URL.canParse(origin) ? null : new URL(origin);
}
