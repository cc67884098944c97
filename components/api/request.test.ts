import { describe, expect, it } from "vitest";
import { besideField } from "./request.ts";

const problem = (field: string | null, detail: string) => ({ code: "invalid", detail, field, requestId: null }) as const;

describe("an error beside its field", () => {
  it("doesn't begin with the field's name", () => {
    expect(besideField(problem("subnet", "subnet: is missing"))).toBe("is missing");
    expect(besideField(problem("nics[0].mode", "nics[0].mode can't be bridged: the node says so."))).toBe("can't be bridged: the node says so.");
  });

  it("is otherwise what was said", () => {
    expect(besideField(problem("name", "Instance web-3 is there already."))).toBe("Instance web-3 is there already.");
    expect(besideField(problem(null, "subnet has gone"))).toBe("subnet has gone");
    expect(besideField(null)).toBeNull();
  });
});
