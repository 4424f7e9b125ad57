/**
 * Pins images by configuration.
 *
 * @module
 */
import { AppError, isCode } from "../../base/errors.ts";
import { parseReference, recordedNameOf } from "../../oci/reference.ts";

/** Reports whether a recorded name is pinned. */
export type PinRule = (name: string) => boolean;

/** Prefixes of names that may be omitted for Docker Hub. */
const HUB_PREFIXES = ["docker.io/library/", "docker.io/"];

/**
 * Parses patterns: a name such as `registry.k8s.io/pause:3.10` (Docker's defaults are added), or a prefix of names
 * followed by `*`.
 *
 * @throws AppError `invalid_argument` for anything else
 */
export function parsePins(patterns: readonly string[]): PinRule {
  const names = new Set<string>();
  const prefixes: string[] = [];
  for (const pattern of patterns) {
    if (pattern.endsWith("*")) prefixes.push(prefixOf(pattern));
    else names.add(exactName(pattern));
  }
  return (name) =>
    names.has(name) ||
    prefixes.some((prefix) => spellingsOf(name).some((spelling) => spelling.startsWith(prefix)));
}

function prefixOf(pattern: string): string {
  const prefix = pattern.slice(0, -1);
  if (!prefix.includes("*")) return prefix;
  throw new AppError("invalid_argument", `Cannot pin "${pattern}": "*" is allowed only at the end`);
}

function exactName(pattern: string): string {
  try {
    return recordedNameOf(parseReference(pattern));
  } catch (cause) {
    if (!isCode(cause, "invalid_argument", "unsupported")) throw cause;
    throw new AppError(
      "invalid_argument",
      `Cannot pin "${pattern}": invalid image reference; use a name, or a prefix of names followed by "*"`,
      { cause },
    );
  }
}

function spellingsOf(name: string): readonly string[] {
  const short = HUB_PREFIXES.filter((prefix) => name.startsWith(prefix)).map((prefix) =>
    name.slice(prefix.length)
  );
  return [name, ...short];
}
