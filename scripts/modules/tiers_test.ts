import { assertEquals, assertStringIncludes } from "../../tests/assert.ts";
import { graphOf } from "./test_graph.ts";
import { findForbiddenImports, TIERS, whyForbidden } from "./tiers.ts";

const FORBIDDEN: [from: string, to: string, reason: string][] = [
  ["src/base/a.ts", "src/oci/a.ts", "base is on tier 1, and oci on tier 2 above it"],
  ["src/store/a.ts", "src/image/a.ts", "store is on tier 4, and image on tier 6 above it"],
  ["src/image/a.ts", "src/cri/a.ts", "image is on tier 6, and cri on tier 7 above it"],
  ["src/cri/a.ts", "src/cli/a.ts", "cri is on tier 7, and cli on tier 8 above it"],
  ["src/store/a.ts", "src/registry/a.ts", "store and registry are both on tier 4"],
  ["src/registry/a.ts", "src/hosts/a.ts", "registry and hosts are both on tier 4"],
  ["src/tar/a.ts", "src/compress/a.ts", "tar and compress are both on tier 3"],
  ["src/http/a.ts", "src/http2/a.ts", "http and http2 are both on tier 3"],
  ["src/image/a.ts", "src/attic/a.ts", 'module "attic" has no tier'],
  ["src/attic/a.ts", "src/base/a.ts", 'module "attic" has no tier'],
  ["src/image/a.ts", "src/mod.ts", "not part of a module"],
  ["src/image/a.ts", "deno.json", "not part of a module"],
  ["src/image/a.ts", "main.ts", "not part of a module"],
  ["src/image/a.ts", "tests/assert.ts", "only tests and scripts may import tests"],
  ["src/image/a.ts", "scripts/a.ts", "only tests and scripts may import tests"],
  ["src/image/a.ts", "src/store/a_test.ts", "only tests and scripts may import tests"],
  ["src/image/a.ts", "src/credentials/test_kit.ts", "only tests and scripts may import tests"],
  ["src/image/a.ts", "file:///elsewhere/a.ts", "outside the repository"],
  ["src/loose.ts", "src/base/a.ts", "the only file directly under src is mod.ts"],
  ["src/mod.ts", "src/cri/a.ts", "the library ends at tier 6, and cri is on tier 7"],
  ["main.ts", "src/image/a.ts", "main.ts imports only cli and the code of its worker threads"],
];

const ALLOWED: [from: string, to: string][] = [
  ["src/oci/a.ts", "src/base/a.ts"],
  ["src/image/a.ts", "src/store/a.ts"],
  ["src/registry/a.ts", "src/http/a.ts"],
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

Deno.test("whyForbidden() allows only imports from lower tiers", async (t) => {
  for (const [from, to, reason] of FORBIDDEN) {
    await t.step(`${from} -> ${to}`, () => assertStringIncludes(whyForbidden(from, to) ?? "allowed", reason));
  }
  for (const [from, to] of ALLOWED) {
    await t.step(`${from} -> ${to}`, () => assertEquals(whyForbidden(from, to), undefined));
  }
});

Deno.test("TIERS lists exactly the modules under src", async () => {
  const entries = await Array.fromAsync(Deno.readDir(new URL("../../src/", import.meta.url)));
  const modules = entries.filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
  assertEquals(Object.keys(TIERS).sort(), modules.sort());
});

Deno.test("findForbiddenImports() shows the import chain from an entry point", () => {
  const found = findForbiddenImports(graphOf({
    "main.ts": ["src/cli/a.ts"],
    "src/cli/a.ts": ["src/store/a.ts"],
    "src/store/a.ts": ["src/registry/a.ts", "src/base/a.ts"],
    "src/registry/a.ts": [],
    "src/base/a.ts": [],
  }));
  assertEquals(found, [
    "src/store/a.ts:7: imports src/registry/a.ts: store and registry are both on tier 4\n" +
    "    main.ts\n    -> src/cli/a.ts\n    -> src/store/a.ts\n    -> src/registry/a.ts",
  ]);
});

Deno.test("findForbiddenImports() shows no chain for a file that no entry point reaches", () => {
  const found = findForbiddenImports(graphOf({ "src/base/a.ts": ["src/oci/a.ts"], "src/oci/a.ts": [] }));
  assertEquals(found, [
    "src/base/a.ts:7: imports src/oci/a.ts: base is on tier 1, and oci on tier 2 above it",
  ]);
});
