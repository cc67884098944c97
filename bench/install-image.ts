import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { z } from "zod";
import { runOrFail } from "#scripts/process/run.ts";
import type { ApiClient } from "#scripts/up/api.ts";
import { say } from "#scripts/up/terminal.ts";
import { readText, untilFileSays } from "../e2e/network/follow-file.ts";
import { dumpBare } from "./bare-image.ts";
import { bootBare } from "./bare-guest.ts";
import { compared, type Figure, median, reported } from "./figures.ts";
import { stopInstance, untilInstalled } from "./install-steps.ts";

const INSTANCE = "bench-image";
const DISK_MIB = 1_024;
const MEMORY_MIB = 512;
const VCPUS = 1;
/** What the system says once it is up. */
const UP = "login:";
const BOOT_MS = 300_000;
const COMMAND_MS = 300_000;
const AT_MOST = 1.3;

const acceptedSchema = z.object({ installId: z.string() });
const clusterSchema = z.object({ privateSources: z.array(z.string()) });
const moment = z.iso.datetime().transform((text) => Date.parse(text));
const installSchema = z.object({ steps: z.array(z.object({ id: z.string(), startedAt: moment.nullable(), endedAt: moment.nullable() })) });

export interface ImagePlace {
  readonly api: ApiClient;
  /** Of the benchmark's own, on the disk that the node's instances are on. */
  readonly directory: string;
  /** The agents' folders, on this machine. */
  readonly dataDirs: readonly string[];
  readonly accelerator: "kvm" | "tcg";
}

interface Take {
  /** Milliseconds until the image is on the disk, durable and with its digests. */
  readonly written: number;
  /** From the start of the machine until its system says that it is up. */
  readonly booted: number;
  readonly whole: number;
}

/**
 * An instance installed from a compressed image over HTTP, from the request until its system is up, beside its bare stages taken in the
 * same rounds: the decompressor, fsync and both digests of the same file, and the same machine booted from the disk that came of it. The
 * image is what the sample definition installs, made first. The instance has no NIC: its boot waits for nobody.
 */
export async function measureImageInstall(rounds: number, { api, directory, dataDirs, accelerator }: ImagePlace): Promise<readonly Figure[]> {
  await mkdir(directory, { recursive: true });
  const { folder, file } = await makeImage(api, dataDirs, directory);
  const server = createServer((_request, response) => {
    void stat(file).then(({ size }) => {
      response.writeHead(200, { "content-length": size });
      createReadStream(file).pipe(response);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { privateSources } = await api.get("/api/v1/cluster", clusterSchema);
  await api.patch("/api/v1/cluster", { privateSources: [...privateSources, "127.0.0.1"] }, clusterSchema);
  try {
    // A server that listens on TCP has an address of this kind.
    const location = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/disk.zst`;
    const disk = path.join(directory, "disk");
    const bare = async (): Promise<Take> => {
      const written = await dumpBare({ file, format: "raw", compression: "zstd" }, disk);
      const [booted = Number.NaN] = await bootBare({ directory, boot: null, vcpus: VCPUS, memoryMib: MEMORY_MIB, accelerator, disks: [{ file: "disk", serial: "disk-0", readOnly: false, unsafeCache: false }] }, [UP]);
      return { written, booted, whole: written + booted };
    };
    const ours = (): Promise<Take> => installImage(api, location, path.join(folder, "serial.log"));
    const takes: { readonly bare: Take[]; readonly ours: Take[] } = { bare: [], ours: [] };
    // The first of each isn't counted: it warms the caches for both.
    await bare();
    await ours();
    for (let round = 1; round <= rounds; round++) {
      say(`from an image, round ${round} of ${rounds}`);
      const pair = [
        async (): Promise<void> => {
          // Nothing else runs while the bare machine does.
          await stopInstance(api, INSTANCE);
          takes.bare.push(await bare());
        },
        async (): Promise<void> => {
          await stopInstance(api, INSTANCE);
          takes.ours.push(await ours());
        },
      ];
      for (const take of round % 2 === 0 ? pair.reverse() : pair) await take();
    }
    const part = (name: keyof Take): readonly [number, number] => [median(takes.ours.map((take) => take[name])), median(takes.bare.map((take) => take[name]))];
    const [[written, bareWritten], [booted, bareBooted], [whole, bareWhole]] = [part("written"), part("booted"), part("whole")];
    return [
      compared("image written and verified", written, "ms", bareWritten),
      compared("image's system booted", booted, "ms", bareBooted),
      reported("everything else", whole - written - booted, "ms"),
      compared("from POST to running, by image", whole, "ms", bareWhole, AT_MOST),
    ];
  } finally {
    await api.patch("/api/v1/cluster", { privateSources }, clusterSchema);
    server.closeAllConnections();
    server.close();
  }
}

/** Has the sample definition install a system, which boots once, and compresses its disk. */
async function makeImage(api: ApiClient, dataDirs: readonly string[], directory: string): Promise<{ readonly folder: string; readonly file: string }> {
  say("making an image of what the sample definition installs");
  const { installId } = await api.post(
    "/api/v1/instances",
    { name: INSTANCE, osType: "debian+bookworm", vcpus: VCPUS, memoryMib: MEMORY_MIB, disks: [{ sizeMib: DISK_MIB }], nics: [], communication: false, parameters: { secret: { root_password: randomBytes(18).toString("base64url") } } },
    acceptedSchema,
  );
  await untilInstalled(api, installId, installSchema);
  await stopInstance(api, INSTANCE);
  const { id } = await api.get(`/api/v1/instances/${INSTANCE}`, z.object({ id: z.string() }));
  const folders = dataDirs.map((dataDir) => path.join(dataDir, "instances", id));
  const found = await Promise.all(folders.map((folder) => stat(folder).then(() => folder, () => null)));
  const folder = found.find((one) => one !== null);
  if (folder === undefined) throw new Error("no agent has the instance's disk");
  const file = path.join(directory, "disk.zst");
  await runOrFail("zstd", ["--quiet", path.join(folder, "disk-0"), "-o", file], { cwd: directory, timeoutMs: COMMAND_MS });
  return { folder, file };
}

async function installImage(api: ApiClient, location: string, console: string): Promise<Take> {
  const saidUp = (text: string): number => text.split(UP).length - 1;
  const before = saidUp(await readText(console));
  const begun = performance.now();
  const accepted = api.post(`/api/v1/instances/${INSTANCE}/reinstall`, { osType: null, image: { location, format: "raw", compression: "zstd" }, start: true }, acceptedSchema);
  const up = untilFileSays(console, (text) => (saidUp(text) > before ? Date.now() : null), BOOT_MS);
  const [{ installId }, upAt] = await Promise.all([accepted, up]);
  const whole = performance.now() - begun;
  const { steps } = await untilInstalled(api, installId, installSchema);
  const step = (id: string): { readonly startedAt: number | null; readonly endedAt: number | null } | undefined => steps.find((one) => one.id === id);
  const [image, boot] = [step("image"), step("boot")];
  const [imageAt, imageEnd, bootAt] = [image?.startedAt ?? null, image?.endedAt ?? null, boot?.startedAt ?? null];
  if (imageAt === null || imageEnd === null || bootAt === null) throw new Error("the install doesn't say when its image was written and its system started");
  return { written: imageEnd - imageAt, booted: upAt - bootAt, whole };
}
