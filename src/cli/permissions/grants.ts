/**
 * Permissions of the runtime as data: combined, and formatted as flags or for `deno.json`.
 *
 * @module
 */

import { escapeUnsafe } from "../output/text.ts";

/** The scope of a permission: everything, or only the listed items. */
export type Scope = "all" | readonly string[];

/** Permissions by kind. */
export interface Grants {
  readonly read: Scope;
  readonly write: Scope;
  readonly net: Scope;
  readonly env: Scope;
  readonly run: Scope;
  readonly sys: Scope;
  readonly ffi: Scope;
}

/** The kinds in the order in which they are written. */
const NAMES = [
  "read",
  "write",
  "net",
  "env",
  "run",
  "sys",
  "ffi",
] as const satisfies readonly (keyof Grants)[];

/** No permissions. */
export const NO_GRANTS: Grants = { read: [], write: [], net: [], env: [], run: [], sys: [], ffi: [] };

/** The union of several grants. */
export function joinGrants(...all: readonly Partial<Grants>[]): Grants {
  const joined = NAMES.map((name) => [name, joinScopes(all.map((one) => one[name] ?? []))] as const);
  return { ...NO_GRANTS, ...Object.fromEntries(joined) };
}

function joinScopes(scopes: readonly Scope[]): Scope {
  return scopes.includes("all")
    ? "all"
    : [...new Set((scopes as readonly (readonly string[])[]).flat())].sort();
}

/**
 * Flags of `deno run` and `deno compile`, one word each. The first makes a missing permission an error
 * instead of a prompt.
 */
export function flagsOf(grants: Grants): readonly string[] {
  const flags = NAMES.flatMap((name) => {
    const scope = grants[name];
    if (scope === "all") return [`--allow-${name}`];
    // A comma separates items; two commas are a literal comma.
    return scope.length === 0
      ? []
      : [`--allow-${name}=${scope.map((item) => item.replaceAll(",", ",,")).join(",")}`];
  });
  return ["--no-prompt", ...flags];
}

/** Formats a permission set for `deno.json`. */
export function permissionSetOf(grants: Grants): Readonly<Record<string, true | readonly string[]>> {
  const given = NAMES.filter((name) => grants[name].length > 0);
  return Object.fromEntries(given.map((name) => {
    const scope = grants[name];
    return [name, scope === "all" ? true : scope];
  }));
}

/**
 * Quotes words for a shell. Characters that a terminal would execute or hide are escaped in `$'…'` (bash, zsh, ksh, and
 * POSIX since 2024): a path in hosts.toml can contain any of them.
 */
export function shellWords(words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}

function shellWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  const safe = word.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
  const escaped = escapeUnsafe(safe, (code) => {
    const hex = code.toString(16);
    if (code < 0x80) return `\\x${hex.padStart(2, "0")}`;
    return code > 0xffff ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
  });
  return escaped === safe ? `'${word.replaceAll("'", `'\\''`)}'` : `$'${escaped}'`;
}
