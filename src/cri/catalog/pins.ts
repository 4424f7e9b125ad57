/**
 * Images that are pinned by configuration.
 *
 * @module
 */
import { AppError, isCode } from "../../base/errors.ts";
import { parseReference, recordedNameOf } from "../../oci/reference.ts";

/** Whether a recorded name is pinned. */
export type PinRule = (name: string) => boolean;

/** What stands before names of Docker Hub that people write short. */
const SHORT_PREFIXES = ["docker.io/library/", "docker.io/"];

/**
 * Reads patterns: an exact name, such as `registry.k8s.io/pause:3.10` (Docker's defaults are filled in), or the
 * beginning of names with `*` at its end.
 *
 * @throws AppError `invalid_argument`
 */
export function parsePins(patterns: readonly string[]): PinRule {
  const names = new Set<string>();
  const beginnings: string[] = [];
  for (const pattern of patterns) {
    if (pattern.endsWith("*")) beginnings.push(beginningOf(pattern));
    else names.add(exactName(pattern));
  }
  return (name) =>
    names.has(name) ||
    beginnings.some((beginning) => spellingsOf(name).some((spelling) => spelling.startsWith(beginning)));
}

function beginningOf(pattern: string): string {
  const beginning = pattern.slice(0, -1);
  if (!beginning.includes("*")) return beginning;
  throw new AppError("invalid_argument", `Cannot pin "${pattern}": "*" may stand at the end alone`);
}

function exactName(pattern: string): string {
  try {
    return recordedNameOf(parseReference(pattern));
  } catch (cause) {
    if (!isCode(cause, "invalid_argument", "unsupported")) throw cause;
    throw new AppError(
      "invalid_argument",
      `Cannot pin "${pattern}": want a name, or the beginning of names with "*"`,
      {
        cause,
      },
    );
  }
}

function spellingsOf(name: string): readonly string[] {
  const short = SHORT_PREFIXES.filter((prefix) => name.startsWith(prefix)).map((prefix) =>
    name.slice(prefix.length)
  );
  return [name, ...short];
}
