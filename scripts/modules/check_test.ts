import { assert, assertEquals, assertStringIncludes } from "../../tests/assert.ts";
import { findViolations, readStructure, type Structure } from "./check.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("the repository has no violations, and an added one is reported", async (t) => {
  const structure = await readStructure(ROOT);
  const { graph, declarations } = structure;
  await t.step("none today", () => assertEquals(findViolations(structure), []));

  const withImport = (from: string, to: string): Structure => ({
    graph: new Map([...graph, [from, [...graph.get(from) ?? [], { to, line: 1 }]]]),
    declarations,
  });

  await t.step("an import from a higher tier", () => {
    const [found = ""] = findViolations(withImport("src/base/errors.ts", "src/cli/run.ts"));
    assertStringIncludes(found, "src/base/errors.ts:1: imports src/cli/run.ts: base is on tier 1");
    assertStringIncludes(found, "main.ts\n");
  });

  await t.step("a cycle between directories", () => {
    assert(graph.get("src/image/open.ts")?.some(({ to }) => to.startsWith("src/image/pull/")));
    // No file imports the added one, so this is not a cycle between files.
    const found = findViolations(withImport("src/image/pull/added.ts", "src/image/open.ts"));
    assert(found.length > 0);
    for (const problem of found) {
      assertStringIncludes(problem, "cycle between directories: ");
      assertStringIncludes(problem, "src/image/pull/added.ts:1 -> src/image/open.ts");
    }
  });

  await t.step("a second declaration", () => {
    const added = { name: "parseDigest", file: "src/image/pin.ts", line: 3 };
    const found = findViolations({ graph, declarations: [...declarations, added] });
    assertEquals(found.length, 1);
    assertStringIncludes(found[0] ?? "", "src/oci/digest.ts:");
    assertStringIncludes(found[0] ?? "", "src/image/pin.ts:3");
  });
});
