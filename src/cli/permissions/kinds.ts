/**
 * Determines which kinds of runtime permissions a command needs, and drops all others. Without `--no-prompt`
 * the runtime can ask for a dropped kind on a terminal. Every run loads this module, so it is small;
 * {@link ./grants.ts} handles paths and hosts.
 *
 * @module
 */
import type { Command, Input, Need } from "../table/types.ts";

/**
 * The runtime's kinds of permissions. No need includes `env`: the variables are read before permissions are
 * dropped.
 */
export const KINDS = ["read", "write", "net", "env", "run", "sys", "ffi", "import"] as const;

/** One kind of permission. */
export type PermissionKind = typeof KINDS[number];

const KINDS_BY_NEED = {
  "store-read": ["read"],
  "store-write": ["read", "write"],
  "disk-space": ["sys"],
  "configuration": ["read"],
  "registry": ["read", "net"],
  "credentials": ["read", "run"],
  "credentials-write": ["read", "write", "run"],
  "files-write": ["read", "write"],
  "unpack": ["read", "write", "ffi", "sys"],
  "unpack-again": ["read", "write", "ffi", "sys"],
  "groups": ["read"],
  "listen": ["read", "write", "net"],
} as const satisfies Record<Need, readonly PermissionKind[]>;

/** The needs of a command with these options. */
export function needsOf(
  { needs, needsWith = {} }: Pick<Command, "needs" | "needsWith">,
  options: Input["options"],
): ReadonlySet<Need> {
  const more = Object.entries(needsWith).filter(([name]) =>
    options[name] !== undefined && options[name] !== false
  );
  return new Set([...needs, ...more.flatMap(([, added]) => added)]);
}

/** The kinds of permissions for needs. */
export function kindsOf(needs: Iterable<Need>): ReadonlySet<PermissionKind> {
  return new Set([...needs].flatMap((need) => KINDS_BY_NEED[need]));
}

/** Drops all other kinds of permissions. The runtime can't grant them again without a prompt. */
export function keepOnly(kinds: ReadonlySet<PermissionKind>): void {
  for (const name of KINDS) {
    // The runtime's type lacks `import`.
    if (!kinds.has(name)) Deno.permissions.revokeSync({ name } as Deno.PermissionDescriptor);
  }
}
