/**
 * Which permissions of the runtime a command needs at all, and giving up the others for good. This is loaded by every
 * run, so it is small; {@link ./grants.ts} knows paths and hosts.
 *
 * @module
 */
import type { Command, Input, Need } from "../table/types.ts";

/** The runtime's kinds of permissions. `env` is not among what a need can name: the variables are read before. */
export const KINDS = ["read", "write", "net", "env", "run", "sys", "ffi", "import"] as const;

/** One of them. */
export type Kind = typeof KINDS[number];

const KINDS_OF_NEEDS = {
  "store-read": ["read"],
  "store-write": ["read", "write"],
  "disk-space": ["sys"],
  "configuration": ["read"],
  "registry": ["read", "net"],
  "credentials": ["read", "run"],
  "credentials-write": ["read", "write", "run"],
  "files-write": ["read", "write"],
  "unpack": ["read", "write", "ffi", "sys"],
  "groups": ["read"],
  "listen": ["read", "write", "net"],
} as const satisfies Record<Need, readonly Kind[]>;

/** What a command needs with these options. */
export function needsOf(
  { needs, needsWith = {} }: Pick<Command, "needs" | "needsWith">,
  options: Input["options"],
): ReadonlySet<Need> {
  const more = Object.entries(needsWith).filter(([name]) =>
    options[name] !== undefined && options[name] !== false
  );
  return new Set([...needs, ...more.flatMap(([, added]) => added)]);
}

/** The kinds of permissions behind needs. */
export function kindsOf(needs: Iterable<Need>): ReadonlySet<Kind> {
  return new Set([...needs].flatMap((need) => KINDS_OF_NEEDS[need]));
}

/** Gives up all other kinds of permissions. The runtime has no way to get them back but to ask a person. */
export function keepOnly(kinds: ReadonlySet<Kind>): void {
  for (const name of KINDS) {
    // `import` is missing in the runtime's own type.
    if (!kinds.has(name)) Deno.permissions.revokeSync({ name } as Deno.PermissionDescriptor);
  }
}
