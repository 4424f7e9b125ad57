/**
 * Exit codes: the one table that maps failures to exit codes.
 *
 * @module
 */
import { codeOf, type ErrorCode } from "../../base/errors.ts";

/** Every exit code by name, with its meaning for the help. */
export const EXITS = {
  done: [0, "success"],
  failed: [1, "failure without a more specific code"],
  usage: [2, "wrong usage: unknown option, missing argument or invalid image reference"],
  "not-found": [3, "no such image, tag, repository or platform"],
  unauthorized: [4, "the registry needs (different) credentials (401, 403)"],
  network: [5, "the registry can't be reached, stalls, fails (5xx) or is rate limiting (429)"],
  integrity: [6, "content does not match its digest or size, or the store is damaged"],
  "no-space": [7, "the disk, its inodes or a quota is full"],
  denied: [8, "the runtime or the system denies permission; the message names the flag to add"],
  busy: [9, "a needed resource is in use by another process"],
  interrupted: [130, "interrupted by SIGINT (Ctrl-C)"],
  pipe: [141, "the reader of standard output went away (SIGPIPE)"],
  terminated: [143, "terminated by SIGTERM"],
} as const satisfies Readonly<Record<string, readonly [code: number, meaning: string]>>;

/** The name of an exit code. */
export type ExitName = keyof typeof EXITS;

/** Exits that every command can have, so that no command lists them. */
export const COMMON_EXITS: readonly ExitName[] = ["done", "failed", "usage", "interrupted", "terminated"];

const EXIT_OF_ERROR = {
  invalid_argument: "usage",
  invalid_content: "failed",
  not_found: "not-found",
  already_exists: "failed",
  unauthorized: "unauthorized",
  forbidden: "unauthorized",
  rate_limited: "network",
  network: "network",
  stalled: "network",
  digest_mismatch: "integrity",
  size_mismatch: "integrity",
  limit_exceeded: "failed",
  no_space: "no-space",
  permission_denied: "denied",
  store_corrupt: "integrity",
  busy: "busy",
  unsupported: "failed",
  deadline_exceeded: "network",
  cancelled: "interrupted",
  internal: "failed",
} as const satisfies Record<ErrorCode, ExitName>;

/** The number of an exit. */
export function exitCode(name: ExitName): number {
  return EXITS[name][0];
}

/** The exit with which a thrown value ends the program. */
export function exitNameOf(error: unknown): ExitName {
  if (error instanceof Deno.errors.NotCapable) return "denied";
  const code = codeOf(error);
  return code === undefined ? "failed" : EXIT_OF_ERROR[code];
}

/** The number of the exit with which a thrown value ends the program. */
export function exitCodeOf(error: unknown): number {
  return exitCode(exitNameOf(error));
}
