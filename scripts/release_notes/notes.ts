/**
 * Reading the change log.
 *
 * @module
 */

/** What stands below the heading of a version, `## 1.2.3` with anything after it; undefined if there is none. */
export function notesOf(changes: string, version: string): string | undefined {
  const lines = changes.split("\n");
  const begin = lines.findIndex((line) => line === `## ${version}` || line.startsWith(`## ${version} `));
  if (begin < 0) return undefined;
  const rest = lines.slice(begin + 1);
  const end = rest.findIndex((line) => line.startsWith("## "));
  const notes = (end < 0 ? rest : rest.slice(0, end)).join("\n").trim();
  return notes === "" ? undefined : notes;
}
