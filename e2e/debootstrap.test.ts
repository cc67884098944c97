/** A definition written for Ganeti, as Debian packages it: its scripts run unmodified as the untrusted half, in the full appliance. */
import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { acceptedSchema, Client } from "./client.ts";
import { openStack, registerFolder } from "./stack.ts";

const stack = openStack(inject("upFile"));
const admin = Client.withPassword(stack.consoleUrl, stack.adminUser, stack.adminPassword);
const built = inject("artifacts").debootstrap;
const name = `ganeti-${randomBytes(4).toString("hex")}`;
const password = "a password of the guest's own";
/** What a busy machine without KVM may take; alone it is a minute. */
const INSTALL_MS = 420_000;

const manifestSchema = z.object({ package: z.object({ file: z.literal("package.deb"), sha256: z.string() }) });
const definitionSchema = z.object({ trusted: z.null(), manifest: z.object({ hostScripts: z.array(z.string()), untrustedScripts: z.array(z.string()) }), files: z.array(z.object({ path: z.string(), mode: z.number(), digest: z.string() })) });
const request = { name, osType: "debootstrap+default", memoryMib: 512, vcpus: 2, disks: [{ sizeMib: 1_024 }], parameters: { secret: { root_password: password } } };

const scratch = mkdtempSync(path.join(tmpdir(), "package-"));
const sha256 = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");

beforeAll(() => registerFolder(stack, path.join(built, "debootstrap"), built));
afterAll(async () => {
  rmSync(scratch, { recursive: true });
  await admin.send("DELETE", `/api/v1/instances/${name}`);
});

describe("Debian's ganeti-instance-debootstrap", () => {
  it("is in the untrusted half byte for byte, and nothing of it would run on a host", async () => {
    const deb = path.join(built, "package.deb");
    const manifest = manifestSchema.parse(JSON.parse(await readFile(path.join(built, "manifest.json"), "utf8")));
    // The digest is from apt's signed lists.
    expect(sha256(await readFile(deb))).toBe(manifest.package.sha256);
    await promisify(execFile)("dpkg-deb", ["--extract", deb, scratch]);
    const folder = path.join(scratch, "usr/share/ganeti/os/debootstrap");
    const packaged = readdirSync(folder, { withFileTypes: true }).map((entry) => {
      // Its one link leads to a file that the package has in /etc.
      const file = entry.isSymbolicLink() ? path.join(scratch, "etc/ganeti/instance-debootstrap", entry.name) : path.join(folder, entry.name);
      return { path: `untrusted/${entry.name}`, digest: sha256(readFileSync(file)) };
    });
    expect(packaged.map(({ path: file }) => file)).toContain("untrusted/create");

    const definition = await admin.call("GET", "/api/v1/os-definitions/debootstrap", definitionSchema);
    const registered = definition.files.filter(({ path: file }) => file.startsWith("untrusted/")).map(({ path: file, digest }) => ({ path: file, digest }));
    expect(registered.toSorted(byPath)).toEqual(packaged.toSorted(byPath));
    expect(definition.manifest).toEqual({ hostScripts: [], untrustedScripts: ["create", "import", "export", "rename", "verify"] });
  });

  it("installs a system that boots to its login prompt", async () => {
    const { installId } = await admin.call("POST", "/api/v1/instances", acceptedSchema, request);
    const install = await admin.follow(installId, undefined, INSTALL_MS);
    expect(install).toMatchObject({ state: "done", error: null });
    // Said by the system's own console: slipway.json has "login:" as the mark of a boot.
    expect(install.firstBootAt).not.toBeNull();
    const log = (await admin.log(installId)).map(({ text }) => text ?? "");
    // Said by programs that the package's create has called, and by the hook that it has run.
    expect(log).toEqual(expect.arrayContaining(["passwd: password changed.", "Installation finished. No error reported."]));
    expect(log.join("\n")).not.toContain(password);
  }, INSTALL_MS);
});

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : 1;
}
