import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { ApiRoute } from "./define-route.ts";
import { ARCHIVE_BODY, bodyLimit, JSON_BODY, takesArchive } from "./limits.ts";
import { API_ROUTES } from "./routes.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const FOLDER = path.join(ROOT, "app/api/v1");

/** `GET /api/v1/instances/{name}` of every handler under app/api/v1, the answer for unknown addresses apart. */
function handlersInFiles(): string[] {
  return readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
    .filter((file) => path.basename(file) === "route.ts" && path.dirname(file) !== "[...path]")
    .flatMap((file) => {
      const address = `/api/v1/${path.dirname(file)}`.replace(/\[(\w+)\]/g, "{$1}");
      return [...readFileSync(path.join(FOLDER, file), "utf8").matchAll(/^export const ([A-Z]+) = handle\(\w+\);$/gm)].map(([, method]) => `${method ?? ""} ${address}`);
    })
    .sort();
}

const label = (route: ApiRoute): string => `${route.method} ${route.path}`;

describe("the register of the API's routes", () => {
  test("has exactly the handlers that there are", () => {
    expect(API_ROUTES.map(label).sort()).toEqual(handlersInFiles());
  });

  test("has each once", () => {
    expect(new Set(API_ROUTES.map(label)).size).toBe(API_ROUTES.length);
  });

  test("has no handler that does anything but wire", () => {
    for (const file of readdirSync(FOLDER, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"))) {
      const lines = readFileSync(path.join(FOLDER, file), "utf8").split("\n").filter((line) => line !== "");
      for (const line of lines) expect(line, file).toMatch(/^(import \{.*\} from "#lib\/http\/.*";|export const dynamic = "force-dynamic";|export const [A-Z]+ = handle\(\w+\);|export \{.*\};)$/);
    }
  });

  test("is handled by the route that says so", () => {
    for (const route of API_ROUTES) {
      const file = path.join(ROOT, "app", route.path.slice(1).replace(/\{(\w+)\}/g, "[$1]"), "route.ts");
      expect(readFileSync(file, "utf8"), label(route)).toContain(`export const ${route.method} = handle(`);
    }
  });

  test("lets in without an account only where a credential of another kind is in the body; this list may only shrink", () => {
    expect(API_ROUTES.filter(({ access }) => access.kind === "open").map(label)).toEqual(["POST /api/v1/enrolments"]);
  });

  test("takes archives at exactly the addresses that the server lets large bodies through to", () => {
    for (const route of API_ROUTES) {
      const address = route.path.replace(/\{\w+\}/g, "debian-12.x_y");
      expect(bodyLimit(route.method, address), label(route)).toEqual(route.rawBody === null ? JSON_BODY : ARCHIVE_BODY);
    }
    for (const address of ["/api/v1/os-definition%2dchecks", "/api/v1/%6fs-definitions/%61/version%73"]) expect(takesArchive("POST", address), address).toBe(true);
    for (const address of ["/api/v1/os-definitions/a%2Fb/versions", "/api/v1/os-definitions/%/versions/x", "/api/v1/os-definitions/a/b/versions", "/api/v1/os-definitions//versions", "/x/api/v1/os-definition-checks", "/api/v1/os-definition-checks/x"]) {
      expect(takesArchive("POST", address), address).toBe(false);
    }
  });

  test("has no fixed word where an object's name may stand: an instance may be called anything", () => {
    const shadowed = API_ROUTES.flatMap(({ path: variable }) =>
      API_ROUTES.filter(({ path: fixed }) => fixed !== variable && variable.endsWith("}") && fixed.replace(/[^/]+$/, "") === variable.replace(/[^/]+$/, "") && !fixed.endsWith("}")).map(({ path: fixed }) => fixed),
    );
    expect(shadowed).toEqual([]);
  });
});
