/**
 * The program's only error class. Callers branch on `code`, never on the message or the class.
 *
 * @module
 */
import { excerpt } from "./excerpt.ts";

/** Messages quote names and text from images and servers, which can be megabytes long. */
const TEXT_MAX_LENGTH = 2000;

/**
 * Every kind of failure that a caller may need to distinguish. The list is closed: the tables that map it
 * (exit codes, gRPC statuses) are `satisfies Record<ErrorCode, …>`, so that a new code doesn't compile until
 * it is mapped.
 */
export type ErrorCode =
  /** The caller's input is invalid: a reference, a flag, an option. */
  | "invalid_argument"
  /** An external document or archive is malformed. */
  | "invalid_content"
  /** No such image, blob, tag, or platform. */
  | "not_found"
  /** A name that must be new already exists. */
  | "already_exists"
  /** Credentials are missing or invalid (401). */
  | "unauthorized"
  /** The credentials are valid but don't allow this (403). */
  | "forbidden"
  /** The host is rate limiting, for longer than we may wait (429). */
  | "rate_limited"
  /** The host can't be reached or keeps failing: DNS, connect, TLS, 5xx. */
  | "network"
  /** A transfer stalled, and new connections stalled too. */
  | "stalled"
  /** The content doesn't match its digest. */
  | "digest_mismatch"
  /** There are more or fewer bytes than the descriptor says. */
  | "size_mismatch"
  /** A named limit was exceeded: document size, entries, ratio. */
  | "limit_exceeded"
  /** The disk, its inodes, or a quota is full. */
  | "no_space"
  /**
   * The runtime or the operating system denies access: a missing permission flag, EACCES, a read-only disk.
   */
  | "permission_denied"
  /** The store on disk is damaged. */
  | "store_corrupt"
  /** A needed resource is in use by another process. */
  | "busy"
  /** The format, algorithm or feature exists but isn't supported. */
  | "unsupported"
  /** A deadline passed. */
  | "deadline_exceeded"
  /** The caller cancelled. */
  | "cancelled"
  /** A bug in this program. */
  | "internal";

/** Machine-readable properties of a failure. Never secrets. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** Options of an {@linkcode AppError}. */
export interface AppErrorOptions {
  /** The underlying failure. It is logged, never sent to a client. */
  readonly cause?: unknown;
  /** Machine-readable properties. */
  readonly details?: ErrorDetails;
}

/**
 * A failure with a code from a closed set, and its details as fields.
 *
 * The message has the form `Cannot VERB "OBJECT": cause; what to do`. It starts with a capital and has no
 * full stop.
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
  /** The prefix of a printed error. */
  override readonly name = "AppError";
  /** The kind of failure. */
  readonly code: ErrorCode;
  /** Machine-readable properties. */
  readonly details: ErrorDetails;

  /** Creates an error; `message` has the form described above. Long texts are shortened in the middle. */
  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(
      excerpt(message, TEXT_MAX_LENGTH),
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.details = limitTexts(options.details ?? {});
  }
}

function limitTexts(details: ErrorDetails): ErrorDetails {
  const limit = (value: ErrorDetails[string]) =>
    typeof value === "string"
      ? excerpt(value, TEXT_MAX_LENGTH)
      : typeof value === "object"
      ? value.map((item) => excerpt(item, TEXT_MAX_LENGTH))
      : value;
  return Object.fromEntries(Object.entries(details).map(([key, value]) => [key, limit(value)]));
}

/**
 * The code of any thrown value: that of an {@linkcode AppError}, "cancelled" for an abort, otherwise
 * undefined.
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
 * Whether a thrown value has one of these codes.
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

/** Makes a switch over a union exhaustive: a new member doesn't compile until it is handled. */
export function assertNever(value: never): never {
  throw new AppError("internal", `Unexpected value ${JSON.stringify(value)}`);
}
