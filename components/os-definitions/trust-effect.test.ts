import { describe, expect, it } from "vitest";
import type { ScriptRunView } from "#lib/domain/os-definition-views.ts";
import { listed, trustEffect, trustSentence, whyNotOnHost, withdrawSentence } from "./trust-effect.ts";

const runs = (script: ScriptRunView["script"], ...places: ScriptRunView["places"]): ScriptRunView => ({ script, places, refusal: places.length === 0 ? `no ${script}` : null });

describe("what trust changes", () => {
  it("is what runs on a host, and what runs only then", () => {
    const effect = trustEffect({ runsTrusted: [runs("create", "host"), runs("verify", "appliance")], runsUntrusted: [runs("create"), runs("verify", "appliance")] });
    expect(effect).toEqual({ onHost: ["create"], lost: [], gained: ["create"] });
    expect(whyNotOnHost(effect, { hasHostScripts: true, allowed: true })).toBeNull();
  });

  it("can be that something runs no longer: with both halves, and no agent for the one on the host", () => {
    const effect = trustEffect({ runsTrusted: [runs("create")], runsUntrusted: [runs("create", "appliance")] });
    expect(effect).toEqual({ onHost: [], lost: [{ script: "create", refusal: "no create" }], gained: [] });
  });

  it.each([
    [false, true, "it has no script for hosts"],
    [true, false, "the cluster forbids scripts on hosts"],
    [true, true, "no agent of this cluster runs host scripts"],
  ])("is nothing on a host where (has scripts for it: %s, allowed: %s) %s", (hasHostScripts, allowed, why) => {
    expect(whyNotOnHost({ onHost: [] }, { hasHostScripts, allowed })).toBe(why);
  });

  it.each([
    ["a host half that runs", { onHost: ["create"], lost: [], gained: ["create"] }, null, /^From the next install on, of exactly this version on hosts, as root: create\.$/, /nothing of web runs on a host\. It can't be installed then/],
    ["both halves that run", { onHost: ["create"], lost: [], gained: [] }, null, /on hosts, as root: create\.$/, /nothing of web runs on a host\.$/],
    ["both halves and no agent", { onHost: [], lost: [{ script: "create", refusal: "no" }], gained: [] }, "no agent of this cluster runs host scripts", /and with trust it can't be installed/, /can be installed then, in the appliance\.$/],
    ["a host half that is forbidden", { onHost: [], lost: [], gained: [] }, "the cluster forbids scripts on hosts", /the cluster forbids scripts on hosts, and trust changes nothing/, /runs on a host now, nor after it\.$/],
  ])("is said before it is given or withdrawn: %s", (_, effect, notOnHost, given, withdrawn) => {
    expect(trustSentence(effect, notOnHost)).toMatch(given);
    expect(withdrawSentence("web", effect)).toMatch(withdrawn);
  });

  it("is named as a sentence names things", () => {
    expect([listed([]), listed(["create"]), listed(["create", "verify"]), listed(["a", "b", "c"])]).toEqual(["", "create", "create and verify", "a, b and c"]);
  });
});
