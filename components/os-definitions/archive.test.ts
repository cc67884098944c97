import { describe, expect, it } from "vitest";
import { archiveProblem, archiveType, MOST_ARCHIVE_BYTES, nameFromArchive } from "./archive.ts";

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,63}$/;

describe("an archive that was chosen", () => {
  it.each([
    ["web.tar", "application/x-tar"],
    ["web.TAR.GZ", "application/gzip"],
    ["web.tgz", "application/gzip"],
    ["web.tar.zst", "application/zstd"],
    ["web.zip", null],
    ["web.gz", null],
  ])("%s is sent as %s", (name, type) => {
    expect(archiveType(name)).toBe(type);
  });

  it("is told what is wrong with it before it is sent", () => {
    expect(archiveProblem({ name: "web.zip", size: 10 })).toContain("web.zip");
    expect(archiveProblem({ name: "web.tar", size: 0 })).toContain("empty");
    expect(archiveProblem({ name: "web.tar", size: MOST_ARCHIVE_BYTES + 1 })).toContain("16 MiB");
    expect(archiveProblem({ name: "web.tar", size: MOST_ARCHIVE_BYTES })).toBeNull();
  });

  it("proposes a name for the definition, if its own can be one", () => {
    expect(nameFromArchive("debian-12.tar.gz", NAME)).toBe("debian-12");
    expect(nameFromArchive("my web.tar", NAME)).toBeNull();
    expect(nameFromArchive(".tar", NAME)).toBeNull();
  });
});
