import { mkdir, open, rm } from "node:fs/promises";
import path from "node:path";
import { ImageCache } from "#agent/imaging/image-cache.ts";
import { writeImage } from "#agent/imaging/write-image.ts";
import { scratchDirectory } from "#scripts/up/scratch.ts";
import { say } from "#scripts/up/terminal.ts";
import { dumpBare } from "./bare-image.ts";
import { type Figure, median, reported } from "./figures.ts";
import { IMAGE_MIB, type ImageForm, makeForms } from "./image-sources.ts";

const MIB = 1_048_576;
const AT_LEAST = 0.9;

/**
 * Writing an image to a disk, verified, beside the bare commands that do the same one after the other, in turns: `qemu-img convert` or the
 * decompressor to a new file, fsync, the digest of the source and the digest of what was written. Source and disk are on the same file
 * system; both find the source in the page cache, and both start from no disk.
 */
export async function measureImage(rounds: number): Promise<readonly Figure[]> {
  const scratch = path.join(scratchDirectory(), "image");
  say("making the images");
  const forms = await makeForms(path.join(scratch, "images"));
  const bench = { disk: path.join(scratch, "disk"), spool: path.join(scratch, "spool"), images: path.join(scratch, "images"), cache: await ImageCache.open(path.join(scratch, "cache"), 0) };
  await mkdir(bench.spool);
  const figures: Figure[] = [];
  for (const form of forms) {
    const takes: { readonly ours: number[]; readonly bare: number[] } = { ours: [], bare: [] };
    const kinds = [
      { times: takes.bare, take: (form: ImageForm) => dumpBare(form, bench.disk) },
      { times: takes.ours, take: takeOurs },
    ];
    // The first of each isn't counted: it warms the caches for both.
    for (const { take } of kinds) await take(form, bench);
    for (let round = 1; round <= rounds; round++) {
      say(`${form.name}, round ${round} of ${rounds}`);
      for (const { times, take } of round % 2 === 0 ? kinds.toReversed() : kinds) times.push(await take(form, bench));
    }
    figures.push(besideCommands(`${form.name} written and verified`, median(takes.ours), median(takes.bare)), reported(`${form.name}, time`, median(takes.ours), "ms"));
  }
  await rm(scratch, { recursive: true, force: true });
  return figures;
}

interface Bench {
  readonly disk: string;
  readonly spool: string;
  readonly images: string;
  readonly cache: ImageCache;
}

/** Milliseconds of ours, from the request to the answer. */
async function takeOurs(form: ImageForm, { disk, spool, images, cache }: Bench): Promise<number> {
  await rm(disk, { force: true });
  const handle = await open(disk, "wx");
  await handle.truncate(IMAGE_MIB * MIB);
  await handle.close();
  const { format, compression, file } = form;
  const begun = performance.now();
  await writeImage({
    image: { location: file, format, compression, checksum: null, contentChecksum: null },
    file: disk,
    sizeMib: IMAGE_MIB,
    policy: { allowPrivate: [], folders: [images] },
    spoolFolder: spool,
    cache,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  return performance.now() - begun;
}

/** MiB of the disk a second. The commands come one after the other, and ours overlap: unlike a bare limit, they may be slower. */
function besideCommands(name: string, ours: number, bare: number): Figure {
  const rate = (milliseconds: number): number => Number(((IMAGE_MIB * 1_000) / milliseconds).toPrecision(4));
  const ratio = bare / ours;
  return { name, value: rate(ours), unit: "MiB/s", anchor: rate(bare), ratio: Number(ratio.toPrecision(4)), aim: `at least ${AT_LEAST} of the commands`, met: ratio >= AT_LEAST };
}
