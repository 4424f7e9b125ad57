/**
 * Prints the notes of a release from `CHANGELOG.md`, after a check that the tag, the version in `deno.json` and the
 * change log agree.
 *
 * ```sh
 * deno task notes          # of the version in deno.json
 * deno task notes v0.1.0   # and fail if that is another one
 * ```
 *
 * @module
 */
import { VERSION } from "../src/cli/version.ts";
import { notesOf } from "./release_notes/notes.ts";

const tag = Deno.args[0] ?? `v${VERSION}`;
if (tag !== `v${VERSION}`) {
  console.error(`release notes: the tag is ${tag}, and deno.json says ${VERSION}`);
  Deno.exit(1);
}
const changes = await Deno.readTextFile(new URL("../CHANGELOG.md", import.meta.url));
const notes = notesOf(changes, VERSION);
if (notes === undefined) {
  console.error(`release notes: CHANGELOG.md has no section of ${VERSION}`);
  Deno.exit(1);
}
console.log(notes);
