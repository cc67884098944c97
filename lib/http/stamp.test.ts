import { createServer } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stampRequest, STAMPS } from "./stamp.ts";

describe("what the server tells pages of a request", () => {
  let seen: IncomingHttpHeaders = {};
  const server = createServer((request, response) => {
    stampRequest(request);
    seen = request.headers;
    response.end();
  });
  let address = "";
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const bound = server.address();
    address = typeof bound === "object" && bound !== null ? `http://127.0.0.1:${bound.port}` : "";
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test("has the client's address, whatever the client says of it", async () => {
    await fetch(address, { headers: { [STAMPS.address]: "10.9.9.9", "x-forwarded-for": "10.9.9.9" } });
    expect(seen[STAMPS.address]).toBe("127.0.0.1");
  });

  test("has the path without what Next.js adds, whatever the client says of it", async () => {
    await fetch(`${address}/instances/web-3?tab=log&_rsc=abc`, { headers: { [STAMPS.path]: "https://evil.example.test" } });
    expect(seen[STAMPS.path]).toBe("/instances/web-3?tab=log");
  });

  test("keeps a harmless request id, and makes one in the place of another", async () => {
    await fetch(address, { headers: { [STAMPS.requestId]: "from-client-1" } });
    expect(seen[STAMPS.requestId]).toBe("from-client-1");
    await fetch(address, { headers: { [STAMPS.requestId]: "a b{}" } });
    expect(seen[STAMPS.requestId]).toMatch(/^[0-9a-f-]{36}$/);
  });
});
