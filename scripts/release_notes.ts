/**
 * Prints the notes of a release from `CHANGELOG.md`, after checking that the tag, the version in `deno.json` and the
 * changelog agree.
 *
 * ```sh
 * deno task notes          # the version in deno.json
 * deno task notes v0.1.0   # the same, but fails if the versions differ
 * ```
 *
 * @module
 */
import { VERSION } from "../src/cli/context/version.ts";

/** Returns the text below the heading `## VERSION …`, or undefined if it is missing or empty. */
export function notesOf(changelog: string, version: string): string | undefined {
  const lines = changelog.split("\n");
  const begin = lines.findIndex((line) => line === `## ${version}` || line.startsWith(`## ${version} `));
  if (begin < 0) return undefined;
  const rest = lines.slice(begin + 1);
  const end = rest.findIndex((line) => line.startsWith("## "));
  const notes = (end < 0 ? rest : rest.slice(0, end)).join("\n").trim();
  return notes === "" ? undefined : notes;
}

if (import.meta.main) {
  const tag = Deno.args[0] ?? `v${VERSION}`;
  if (tag !== `v${VERSION}`) {
    console.error(
      `Cannot print release notes: the tag is ${tag}, but the version in deno.json is ${VERSION}`,
    );
    Deno.exit(1);
  }
  const changelog = await Deno.readTextFile(new URL("../CHANGELOG.md", import.meta.url));
  const notes = notesOf(changelog, VERSION);
  if (notes === undefined) {
    console.error(`Cannot print release notes: CHANGELOG.md has no section for ${VERSION}`);
    Deno.exit(1);
  }
  console.log(notes);
}
