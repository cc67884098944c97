import { describe, expect, it } from "vitest";
import { privateSourceProblem } from "./private-source.ts";

describe("an entry of the private sources", () => {
  it.each(["mirror.example.test", "mirror", "10.1.2.3", "10.0.0.0/8", "fd00::/8", "fd00::1", "2001:db8::5"])("may be %s", (entry) => {
    expect(privateSourceProblem(entry)).toBeNull();
  });

  it.each(["", "10.0.0", "10.0.0.300", "10.0.0.0/33", "fd00::/129", "http://mirror", "Mirror", "mirror:8080", "*.example.test", "a b", "mirror/24", "-mirror"])("may not be %j", (entry) => {
    expect(privateSourceProblem(entry)).toMatch(/^must be/);
  });
});
