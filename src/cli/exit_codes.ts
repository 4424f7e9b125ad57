/**
 * Exit codes: the one table that maps failures to what a shell sees.
 *
 * @module
 */
import { codeOf, type ErrorCode } from "../base/errors.ts";

/** Every exit code by name, with its meaning for the help and the README. */
export const EXITS = {
  done: [0, "done"],
  failed: [1, "failed, for a reason that has no code of its own"],
  usage: [2, "wrong usage: an unknown option, a missing argument, a name that is no reference"],
  "not-found": [3, "no such image, tag, repository or platform"],
  unauthorized: [4, "the registry wants credentials, or other ones (401, 403)"],
  network: [5, "the registry can't be reached, stalls, fails (5xx) or asks to come back later (429)"],
  integrity: [6, "bytes are not what their digest or size says, or the store is damaged"],
  "no-space": [7, "the disk, its inodes or a quota is full"],
  denied: [8, "the runtime or the system does not permit it; the message names the flag to add"],
  busy: [9, "another process holds what is needed"],
  interrupted: [130, "interrupted by SIGINT (Ctrl-C)"],
  pipe: [141, "who read standard output went away"],
  terminated: [143, "ended by SIGTERM"],
} as const satisfies Readonly<Record<string, readonly [code: number, meaning: string]>>;

/** The name of an exit code. */
export type ExitName = keyof typeof EXITS;

/** Exits that every command can have, so that no command lists them. */
export const COMMON_EXITS: readonly ExitName[] = ["done", "failed", "usage", "interrupted", "terminated"];

const BY_ERROR = {
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

/** The number of an exit by its name. */
export function exitCode(name: ExitName): number {
  return EXITS[name][0];
}

/** The exit that a thrown value ends the program with. */
export function exitNameOf(error: unknown): ExitName {
  if (error instanceof Deno.errors.NotCapable) return "denied";
  const code = codeOf(error);
  return code === undefined ? "failed" : BY_ERROR[code];
}

/** Its number. */
export function exitCodeOf(error: unknown): number {
  return exitCode(exitNameOf(error));
}
