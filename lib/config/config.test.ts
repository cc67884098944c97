import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isSlipwayError } from "#lib/domain/errors.ts";
import { loadConfig } from "./config.ts";

const URL_WITH_PASSWORD = "postgresql://slipway:kept-to-itself@127.0.0.1:5433/slipway";
let home: string;

beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "slipway-config-"));
});
afterEach(() => {
  rmSync(home, { recursive: true });
});

function load(settings: Record<string, string>, args: string[] = []) {
  return loadConfig({ environment: { SLIPWAY_HOME: home, DATABASE_URL: URL_WITH_PASSWORD, ...settings }, arguments: args });
}

function refusal(settings: Record<string, string>): { field: string | undefined; message: string } {
  try {
    load(settings);
  } catch (error) {
    if (isSlipwayError(error)) return { field: error.field, message: error.message };
    throw error;
  }
  throw new Error("the settings were accepted");
}

describe("the settings of a controller", () => {
  test("have defaults that listen on loopback alone", () => {
    const config = load({});
    expect(config.console).toEqual({ host: "127.0.0.1", port: 8080, tls: null });
    expect(config.rapi.port).toBe(5080);
    expect(config.publicUrl).toBe("http://127.0.0.1:8080");
    expect(config.roles).toEqual(["web", "rapi", "worker"]);
    expect(config.paths.blobs).toBe(path.join(home, "blobs"));
  });

  test.each(["0.0.0.0", "192.0.2.1", "::", "example.test"])("refuse a console without TLS at %s", (host) => {
    expect(refusal({ SLIPWAY_HOST: host }).field).toBe("SLIPWAY_HOST");
  });

  test.each(["127.0.0.1", "127.8.0.1", "::1", "localhost"])("allow a console without TLS at %s", (host) => {
    expect(load({ SLIPWAY_HOST: host }).console.host).toBe(host);
  });

  test("allow any address with TLS, and say https", () => {
    const config = load({ SLIPWAY_HOST: "::", SLIPWAY_TLS_CERT_FILE: "/c.pem", SLIPWAY_TLS_KEY_FILE: "/k.pem" });
    expect(config.publicUrl).toBe("https://[::]:8080");
  });

  test("refuse a certificate without its key", () => {
    expect(refusal({ SLIPWAY_TLS_CERT_FILE: "/c.pem" }).field).toBe("SLIPWAY_TLS_KEY_FILE");
  });

  test("name a setting that is missing or wrong", () => {
    expect(refusal({ SLIPWAY_HOME: "" })).toEqual({ field: "SLIPWAY_HOME", message: "SLIPWAY_HOME is not set" });
    expect(refusal({ SLIPWAY_PORT: "many" }).field).toBe("SLIPWAY_PORT");
    expect(refusal({ SLIPWAY_ROLES: "web,kitchen" }).field).toBe("SLIPWAY_ROLES");
  });

  test("take the roles from the command line before the environment", () => {
    expect(load({ SLIPWAY_ROLES: "web" }, ["--roles", "worker"]).roles).toEqual(["worker"]);
  });

  test("find the database's address in a file when the environment has none", () => {
    mkdirSync(path.join(home, "run"));
    writeFileSync(path.join(home, "run/database-url"), `${URL_WITH_PASSWORD}\n`);
    expect(load({ DATABASE_URL: "" }).databaseUrl.open()).toBe(URL_WITH_PASSWORD);
  });

  test("refuse an address that pg would take for localhost:5432", () => {
    const { field, message } = refusal({ DATABASE_URL: "kept-to-itself" });
    expect(field).toBe("DATABASE_URL");
    expect(message).not.toContain("kept-to-itself");
  });

  test("never print the database's password", () => {
    const config = load({});
    expect(inspect(config, { depth: null }) + JSON.stringify(config)).not.toContain("kept-to-itself");
  });

  test("take the master key out of the process's environment, and never print it", () => {
    Object.assign(process.env, { SLIPWAY_HOME: home, DATABASE_URL: URL_WITH_PASSWORD, SLIPWAY_MASTER_KEY: "kept-to-itself" });
    try {
      const config = loadConfig();
      expect(config.masterKey.environment?.open()).toBe("kept-to-itself");
      expect(process.env).not.toHaveProperty("SLIPWAY_MASTER_KEY");
      expect(inspect(config, { depth: null }) + JSON.stringify(config)).not.toContain("kept-to-itself");
    } finally {
      for (const name of ["SLIPWAY_HOME", "DATABASE_URL", "SLIPWAY_MASTER_KEY"]) Reflect.deleteProperty(process.env, name);
    }
  });
});
