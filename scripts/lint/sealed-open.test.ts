import path from "node:path";
import { ESLint } from "eslint";
import { describe, expect, it } from "vitest";

const RULE = "slipway/sealed-open";
const root = path.resolve(import.meta.dirname, "../..");
/** A file that isn't on the list, and one that is. What they really hold doesn't matter here. */
const OUTSIDE = "lib/instances/reinstall-instance.ts";
const LISTED = "lib/domain/scrub.ts";

/** The project's own configuration, with the rule alone. */
const eslint = new ESLint({ cwd: root, ruleFilter: ({ ruleId }) => ruleId === RULE });
/** The same, but that no file may open anything. */
const strict = new ESLint({ cwd: root, ruleFilter: ({ ruleId }) => ruleId === RULE, overrideConfig: { rules: { [RULE]: "error" } } });

async function finds(code: string, file = OUTSIDE): Promise<number> {
  const text = `import type { Private, Secret, Sealed } from "#lib/domain/visibility.ts";\ndeclare const secret: Secret<string>;\ndeclare const own: Private<string>;\n${code}\n`;
  const [result] = await eslint.lintText(text, { filePath: path.join(root, file) });
  const fatal = result?.messages.filter((message) => message.fatal === true) ?? [];
  expect(fatal).toEqual([]);
  return result?.messages.filter(({ ruleId }) => ruleId === RULE).length ?? 0;
}

describe("the rule on private and secret values", { timeout: 120_000 }, () => {
  it.each([
    ["a call", "secret.open();"],
    ["a private value", "own.open();"],
    ["a value of either class", "declare const either: Sealed<string>; either.open();"],
    ["optional chaining", "declare const maybe: Secret<string> | undefined; maybe?.open();"],
    ["a call by optional chaining", "declare const maybe: Private<string> | null; maybe?.open?.();"],
    ["a method that isn't called at once", "const take = secret.open; take.call(secret);"],
    ["a name in brackets", 'secret["open"]();'],
    ["a name in a variable", 'const name = "open"; secret[name]();'],
    ["a name among others", "declare const name: keyof Secret<string>; void secret[name];"],
    ["taking apart", "const { open } = secret; open();"],
    ["taking apart under another name", "const { open: look } = own; look();"],
    ["taking apart what lies deeper", "const { a: { open } } = { a: secret }; open();"],
    ["taking apart in an assignment", "let look: () => string; ({ open: look } = secret); look();"],
    ["a parameter that is taken apart", "export function f({ open }: Secret<string>) { return open(); }"],
    ["a variable of its own", "const other = secret; other.open();"],
    ["a type parameter", "export function f<T extends Sealed<string>>(value: T) { return value.open(); }"],
    ["a union with something else", 'declare const one: Secret<string> | { open(): number }; one.open();'],
    ["an intersection", "declare const one: Secret<string> & { note: string }; one.open();"],
    ["a part of the type", 'declare const part: Pick<Secret<string>, "open">; part.open();'],
    ["a mapped type", "declare const all: { readonly [K in keyof Secret<string>]: Secret<string>[K] }; all.open();"],
    ["a type of another name that a value fits", "interface Openable { open(): string } const other: Openable = secret; other.open();"],
    ["an element of a map", "declare const map: ReadonlyMap<string, Secret<string>>; for (const value of map.values()) value.open();"],
    ["Reflect.get", 'Reflect.get(secret, "open");'],
    ["a property's descriptor", 'Object.getOwnPropertyDescriptor(secret, "open");'],
  ])("reports %s in a file that isn't listed", async (_what, code) => {
    expect(await finds(code)).toBeGreaterThan(0);
  });

  it.each([
    ["a file handle's maker", 'import { open } from "node:fs/promises"; void open("x");'],
    ["what opens by a name", "class Store { static open(folder: string) { return folder; } } Store.open(\"x\");"],
    ["a flag of a dialog", "declare const dialog: { readonly open: boolean }; void dialog.open;"],
    ["a button's act", "declare const dialog: { open(): void }; dialog.open();"],
    ["the class of a value", "void secret.visibility;"],
    ["an object that is no value", "const { open, ...rest } = { open: 1, shut: 2 }; void [open, rest];"],
  ])("leaves %s alone", async (_what, code) => {
    expect(await finds(code)).toBe(0);
  });

  it("leaves a listed file alone", async () => {
    expect(await finds("secret.open();", LISTED)).toBe(0);
  });

  it("has no file on its list that opens nothing", async () => {
    const listed = await listedFiles();
    expect(listed.length).toBeGreaterThan(0);
    const results = await strict.lintFiles(listed.map((file) => path.join(root, file)));
    const opening = results.filter(({ messages }) => messages.some(({ ruleId }) => ruleId === RULE)).map(({ filePath }) => path.relative(root, filePath));
    expect(opening.toSorted()).toEqual(listed.toSorted());
  });
});

/** Single files for which the configuration turns the rule off; tests, which it turns off by pattern, aren't among them. */
async function listedFiles(): Promise<string[]> {
  const config: unknown = (await import("../../eslint.config.js")).default;
  if (!Array.isArray(config)) throw new Error("the configuration isn't a list");
  return config.flatMap((part: { files?: string[]; rules?: Record<string, unknown> }) => (part.rules?.[RULE] === "off" ? (part.files ?? []) : [])).filter((file) => !file.includes("*"));
}
