import { assertEquals } from "../../tests/assert.ts";
import plugin from "./plugin.ts";

/** A rule catches `bad` in the file; `good` in the same file, and `bad` in the place where it belongs, pass. */
interface Case {
  readonly rule: string;
  readonly path: string;
  readonly bad: string;
  readonly good: string;
  readonly place?: string;
}

const CLI = "src/cli/main.ts";
const FS = "src/store/fs/fs.ts";

const CASES: readonly Case[] = [
  { rule: "door", path: "src/image/a.ts", bad: "console.log(1)", good: "logger.log(1)", place: CLI },
  {
    rule: "door",
    path: "src/image/a.ts",
    bad: "console['error'](1)",
    good: "log['error'](1)",
    place: "main.ts",
  },
  {
    rule: "door",
    path: "src/image/a.ts",
    bad: "Deno.stdout.writeSync(b)",
    good: "file.writeSync(b)",
    place: CLI,
  },
  { rule: "door", path: "src/image/a.ts", bad: "prompt('?')", good: "ask.prompt('?')", place: CLI },
  { rule: "door", path: "src/store/a.ts", bad: "Deno.env.get('X')", good: "env.get('X')", place: CLI },
  { rule: "door", path: "src/store/a.ts", bad: "f(Deno.args)", good: "f(args)", place: CLI },
  { rule: "door", path: "src/store/a.ts", bad: "Deno.exit(1)", good: "// Deno.exit(1)", place: CLI },
  { rule: "door", path: "src/store/a.ts", bad: "Deno['exit'](1)", good: "f('Deno.exit')", place: CLI },
  { rule: "door", path: "src/store/a.ts", bad: "Deno[name](1)", good: "table[name](1)" },
  {
    rule: "door",
    path: "src/store/a.ts",
    bad: "const { env } = Deno",
    good: "const { build } = Deno",
    place: CLI,
  },
  {
    rule: "door",
    path: "src/store/a.ts",
    bad: "const { build, ...rest } = Deno",
    good: "const { env } = deps",
  },
  { rule: "door", path: "src/store/a.ts", bad: "const d = Deno", good: "const d: Deno.FsFile = f" },
  {
    rule: "door",
    path: "src/store/a.ts",
    bad: "globalThis.Deno.exit(1)",
    good: "globalThis.structuredClone(1)",
  },
  {
    rule: "door",
    path: "src/registry/a.ts",
    bad: "fetch(u)",
    good: "x.fetch(u)",
    place: "src/http/transport.ts",
  },
  { rule: "door", path: "src/registry/a.ts", bad: "f((u) => fetch(u))", good: "f((fetch) => fetch(u))" },
  { rule: "door", path: "src/store/a.ts", bad: "file.sync()", good: "syncer.sync(folder)", place: FS },
  { rule: "door", path: "src/registry/a.ts", bad: "globalThis.fetch(u)", good: "fetcher(u)" },
  { rule: "door", path: "src/registry/a.ts", bad: "const get = fetch", good: "const get = fetcher" },
  {
    rule: "door",
    path: "src/tar/a.ts",
    bad: 'import { createHash } from "node:crypto"',
    good: 'import { createHash } from "../base/hash.ts"',
    place: "src/base/hash.ts",
  },
  {
    rule: "door",
    path: "src/tar/a.ts",
    bad: 'await import("node:zlib")',
    good: 'f("node:zlib")',
    place: "src/compress/a.ts",
  },
  { rule: "door", path: "src/tar/a.ts", bad: 'export * from "node:fs"', good: 'export * from "./fs.ts"' },
  {
    rule: "door",
    path: "src/tar/a.ts",
    bad: "crypto.subtle.digest()",
    good: "crypto.randomUUID()",
    place: "src/base/hash.ts",
  },
  {
    rule: "door",
    path: "src/unpack/a.ts",
    bad: "Deno.dlopen(p, s)",
    good: "dlopen(p, s)",
    place: "src/unpack/fs/libc.ts",
  },
  {
    rule: "door",
    path: "src/credentials/a.ts",
    bad: "new Deno.Command('x')",
    good: "new Command('x')",
    place: "src/credentials/program.ts",
  },
  { rule: "door", path: "src/unpack/a.ts", bad: "Deno.renameSync(a, b)", good: "Deno.remove(a)", place: FS },
  { rule: "door", path: "src/store/a.ts", bad: "await file.sync()", good: "file.sync", place: FS },
  { rule: "door", path: "src/store/a.ts", bad: "file?.tryLock()", good: "reader.releaseLock()", place: FS },
  { rule: "door", path: "tests/a.ts", bad: "a.pipe(b)", good: "a.pipeTo(b)" },
  { rule: "file-length", path: "src/oci/a.ts", bad: "a;\n".repeat(401), good: "a;\n".repeat(400) },
  {
    rule: "file-length",
    path: "src/oci/a.ts",
    bad: "a;\n".repeat(500),
    good: "// @generated\n" + "a;\n".repeat(500),
  },
  { rule: "todo", path: "src/oci/a.ts", bad: "// TODO: later", good: "// TODO(#12): later" },
  { rule: "todo", path: "src/oci/a.ts", bad: "/* FIXME(me): later */", good: "/* methods to do */" },
];

function caught(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, path, source).map((diagnostic) => diagnostic.id);
}

Deno.test("each lint rule catches its bad snippet and lets its innocent twin pass", async (t) => {
  for (const { rule, path, bad, good, place } of CASES) {
    await t.step(`${rule}: ${bad.slice(0, 40).replaceAll("\n", " ")}`, () => {
      assertEquals(new Set(caught(path, bad)), new Set([`dray/${rule}`]));
      assertEquals(caught(path, good), []);
      if (place !== undefined) assertEquals(caught(place, bad), []);
    });
  }
});

Deno.test("tests and scripts may use the doors of the program", () => {
  for (
    const path of [
      "src/store/a_test.ts",
      "src/store/test_kit.ts",
      "src/tar/a_fake.ts",
      "tests/a.ts",
      "scripts/a.ts",
    ]
  ) {
    assertEquals(caught(path, "console.log(Deno.env.get('X')); await fetch(u); new Deno.Command('x')"), []);
  }
});
