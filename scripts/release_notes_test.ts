import { assert, assertEquals } from "../tests/assert.ts";
import { VERSION } from "../src/cli/context/version.ts";
import { notesOf } from "./release_notes.ts";

const CHANGES = "# Changes\n\n## 1.2.0 (unreleased)\n\n- new\n\n### More\n\n## 1.1.10\n\n- old\n\n## 1.1.1\n";

Deno.test("notesOf() returns the section of one version", () => {
  assertEquals(notesOf(CHANGES, "1.2.0"), "- new\n\n### More");
  assertEquals(notesOf(CHANGES, "1.1.10"), "- old");
  assertEquals(notesOf(CHANGES, "1.1.1"), undefined, "the section is empty");
  assertEquals(notesOf(CHANGES, "1.1"), undefined);
});

Deno.test("the changelog has a section for the version in deno.json", async () => {
  assert(
    notesOf(await Deno.readTextFile(new URL("../CHANGELOG.md", import.meta.url)), VERSION) !== undefined,
  );
});
