/**
 * The one error class of the program. Callers branch on `code`, never on the message, and never on the class.
 *
 * @module
 */

/**
 * Every kind of failure that a caller may want to tell apart. The list is closed: the tables that map it (exit
 * codes, gRPC statuses) are `satisfies Record<ErrorCode, …>`, so a new code does not compile until it is mapped.
 */
export type ErrorCode =
  /** The caller's words are wrong: a reference, a flag, an option. */
  | "invalid_argument"
  /** A document or archive from outside breaks its format. */
  | "invalid_content"
  /** No such image, blob, tag, or platform. */
  | "not_found"
  /** A name that must be new is taken. */
  | "already_exists"
  /** Credentials are missing or wrong (401). */
  | "unauthorized"
  /** The credentials are good and don't allow this (403). */
  | "forbidden"
  /** The host asked us to come back later than we may wait (429). */
  | "rate_limited"
  /** The host can't be reached, or broke off for good: DNS, connect, TLS, 5xx. */
  | "network"
  /** A transfer stood still and no new connection mended it. */
  | "stalled"
  /** Bytes hash to another digest than the one wanted. */
  | "digest_mismatch"
  /** There are more or fewer bytes than the descriptor says. */
  | "size_mismatch"
  /** A named limit was passed: document size, entries, ratio. */
  | "limit_exceeded"
  /** The disk, its inodes, or a quota is full. */
  | "no_space"
  /** The runtime or the operating system refuses: a missing permission flag, EACCES, a read-only disk. */
  | "permission_denied"
  /** The store on disk is damaged. */
  | "store_corrupt"
  /** Another process holds what is needed. */
  | "busy"
  /** The format, algorithm or feature exists and we do not do it. */
  | "unsupported"
  /** A deadline passed. */
  | "deadline_exceeded"
  /** The caller gave up. */
  | "cancelled"
  /** A bug of ours. */
  | "internal";

/** Facts that belong to a failure, for machines. Never secrets. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** What an {@linkcode AppError} is made of beside its code and message. */
export interface AppErrorOptions {
  /** What made it fail; kept for the log, never sent over a wire. */
  readonly cause?: unknown;
  /** Facts for machines. */
  readonly details?: ErrorDetails;
}

/**
 * A failure with a closed code and facts as fields.
 *
 * The message starts with a capital, has no full stop, names the action and the thing in quotes, then after a
 * colon the state that was found and the one that was wanted.
 *
 * @example
 * ```ts
 * import { AppError, isCode } from "./errors.ts";
 *
 * const error = new AppError("not_found", 'Cannot open image "a:1": the store has no such name');
 * console.assert(isCode(error, "not_found"));
 * ```
 */
export class AppError extends Error {
  /** What a printed error begins with. */
  override readonly name = "AppError";
  /** The kind of failure. */
  readonly code: ErrorCode;
  /** Facts for machines. */
  readonly details: ErrorDetails;

  /** Makes an error; `message` follows the grammar of the class. */
  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}

/**
 * The code of any thrown value: that of an {@linkcode AppError}, "cancelled" for an abort, else undefined.
 *
 * @example
 * ```ts
 * import { codeOf } from "./errors.ts";
 *
 * console.assert(codeOf(new Error("Other")) === undefined);
 * console.assert(codeOf(AbortSignal.abort().reason) === "cancelled");
 * ```
 */
export function codeOf(error: unknown): ErrorCode | undefined {
  if (error instanceof AppError) return error.code;
  if (error instanceof DOMException && error.name === "AbortError") return "cancelled";
  if (error instanceof DOMException && error.name === "TimeoutError") return "deadline_exceeded";
  return undefined;
}

/**
 * Whether a thrown value is a failure of one of these kinds.
 *
 * @example
 * ```ts
 * import { AppError, isCode } from "./errors.ts";
 *
 * console.assert(isCode(new AppError("not_found", "Cannot find image"), "not_found", "unauthorized"));
 * console.assert(!isCode(new Error("Other"), "not_found"));
 * ```
 */
export function isCode(error: unknown, ...codes: readonly ErrorCode[]): boolean {
  const code = codeOf(error);
  return code !== undefined && codes.includes(code);
}

/** The text of any thrown value, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Makes a switch over a union exhaustive: a new member does not compile until it is handled. */
export function assertNever(value: never): never {
  throw new AppError("internal", `Unexpected value ${JSON.stringify(value)}`);
}
