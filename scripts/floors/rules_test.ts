import { assertEquals, assertStringIncludes } from "../../tests/assert.ts";
import { importsOf } from "./graph.ts";
import { findViolations, whyNot } from "./rules.ts";

const WRONG: [from: string, to: string, why: string][] = [
  ["src/base/a.ts", "src/oci/a.ts", "base is on floor 0 and oci above it on 1"],
  ["src/store/a.ts", "src/image/a.ts", "store is on floor 3 and image above it on 4"],
  ["src/store/a.ts", "src/registry/a.ts", "no sideways imports"],
  ["src/tar/a.ts", "src/compress/a.ts", "no sideways imports"],
  ["src/image/a.ts", "src/attic/a.ts", 'room "attic" has no floor'],
  ["src/attic/a.ts", "src/base/a.ts", 'room "attic" has no floor'],
  ["src/image/a.ts", "src/mod.ts", "it is no room"],
  ["src/image/a.ts", "deno.json", "it is no room"],
  ["src/image/a.ts", "main.ts", "it is no room"],
  ["src/image/a.ts", "tests/assert.ts", "it is part of the tests"],
  ["src/image/a.ts", "src/store/a_test.ts", "it is part of the tests"],
  ["src/image/a.ts", "src/credentials/test_kit.ts", "it is part of the tests"],
  ["src/image/a.ts", "file:///elsewhere/a.ts", "outside of the repository"],
  ["src/loose.ts", "src/base/a.ts", "only rooms and mod.ts"],
  ["src/mod.ts", "src/cri/a.ts", "the library ends at floor 4"],
  ["main.ts", "src/image/a.ts", "main.ts imports only cli, and what its threads run"],
];

const RIGHT: [from: string, to: string][] = [
  ["src/oci/a.ts", "src/base/a.ts"],
  ["src/image/a.ts", "src/store/a.ts"],
  ["src/store/a.ts", "src/store/b.ts"],
  ["src/compress/a.ts", "node:zlib"],
  ["src/cli/a.ts", "npm:/deno-std@1.4.0/cli/parse_args.js"],
  ["src/mod.ts", "src/image/a.ts"],
  ["src/cli/version.ts", "deno.json"],
  ["main.ts", "src/cli/main.ts"],
  ["main.ts", "src/image/thread.ts"],
  ["src/store/a_test.ts", "src/image/a.ts"],
  ["tests/a.ts", "src/cli/a.ts"],
];

Deno.test("whyNot() lets imports go down only", async (t) => {
  for (const [from, to, why] of WRONG) {
    await t.step(`${from} -> ${to}`, () => assertStringIncludes(whyNot(from, to) ?? "allowed", why));
  }
  for (const [from, to] of RIGHT) {
    await t.step(`${from} -> ${to}`, () => assertEquals(whyNot(from, to), undefined));
  }
});

const graph = (files: Record<string, string[]>) =>
  new Map(Object.entries(files).map(([file, to]) => [file, to.map((path) => ({ to: path, line: 7 }))]));

Deno.test("findViolations() shows how the program comes to a wrong import", () => {
  const found = findViolations(graph({
    "main.ts": ["src/cli/a.ts"],
    "src/cli/a.ts": ["src/store/a.ts"],
    "src/store/a.ts": ["src/registry/a.ts", "src/base/a.ts"],
    "src/registry/a.ts": [],
    "src/base/a.ts": [],
  }));
  assertEquals(found, [
    "src/store/a.ts:7: imports src/registry/a.ts: store and registry share floor 3, no sideways imports\n" +
    "    main.ts\n    -> src/cli/a.ts\n    -> src/store/a.ts\n    -> src/registry/a.ts",
  ]);
});

Deno.test("findViolations() shows each cycle between files once", () => {
  const found = findViolations(graph({
    "src/oci/a.ts": ["src/oci/b.ts", "src/oci/d.ts"],
    "src/oci/b.ts": ["src/oci/c.ts"],
    "src/oci/c.ts": ["src/oci/a.ts"],
    "src/oci/d.ts": [],
    "src/oci/e.ts": ["src/oci/e.ts"],
  }));
  assertEquals(found, [
    "cycle between files:\n    src/oci/a.ts\n    -> src/oci/b.ts\n    -> src/oci/c.ts\n    -> src/oci/a.ts",
    "cycle between files:\n    src/oci/e.ts\n    -> src/oci/e.ts",
  ]);
});

Deno.test("importsOf() sees values, types and dynamic imports", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const write = (name: string, text: string) => Deno.writeTextFile(`${folder}/${name}`, text);
    await write("deno.json", "{}");
    await write(
      "a.ts",
      'import type { B } from "./b.ts";\nexport * from "./c.ts";\nawait import("./d.ts");\nexport type A = B;\n',
    );
    await write("b.ts", "export type B = 1;\n");
    await write("c.ts", "export const c = 1;\n");
    await write("d.ts", "");
    const root = new URL(`file://${await Deno.realPath(folder)}/`);
    const edges = (await importsOf(["a.ts"], root)).get("a.ts") ?? [];
    assertEquals(edges, [{ to: "b.ts", line: 1 }, { to: "c.ts", line: 2 }, { to: "d.ts", line: 3 }]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
