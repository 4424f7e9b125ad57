import { assert, assertEquals } from "../../tests/assert.ts";
import { VERSION } from "../../src/cli/version.ts";
import { notesOf } from "./notes.ts";

const CHANGES = "# Changes\n\n## 1.2.0 (unreleased)\n\n- new\n\n### More\n\n## 1.1.10\n\n- old\n\n## 1.1.1\n";

Deno.test("notesOf() gives the section of one version", () => {
  assertEquals(notesOf(CHANGES, "1.2.0"), "- new\n\n### More");
  assertEquals(notesOf(CHANGES, "1.1.10"), "- old");
  assertEquals(notesOf(CHANGES, "1.1.1"), undefined, "an empty section is no notes");
  assertEquals(notesOf(CHANGES, "1.1"), undefined);
});

Deno.test("the change log has a section of the version that deno.json has", async () => {
  assert(
    notesOf(await Deno.readTextFile(new URL("../../CHANGELOG.md", import.meta.url)), VERSION) !== undefined,
  );
});
