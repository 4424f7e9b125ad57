/**
 * The status of a call.
 *
 * @module
 */
import { codeOf, type ErrorCode, messageOf } from "../../base/errors.ts";

/** The status codes of gRPC. */
export const StatusCode = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

/** One of {@linkcode StatusCode}. */
export type StatusCode = typeof StatusCode[keyof typeof StatusCode];

/** The status that the client receives at the end of a call. */
export interface RpcStatus {
  /** The status code. */
  readonly code: StatusCode;
  /** For people; empty for ok. It is sent to the client, so it must not contain secrets. */
  readonly message: string;
}

/** The status of a successful call. */
export const OK: RpcStatus = { code: StatusCode.ok, message: "" };

const STATUS_CODES = {
  invalid_argument: StatusCode.invalidArgument,
  invalid_content: StatusCode.dataLoss,
  not_found: StatusCode.notFound,
  already_exists: StatusCode.alreadyExists,
  unauthorized: StatusCode.unauthenticated,
  forbidden: StatusCode.permissionDenied,
  rate_limited: StatusCode.resourceExhausted,
  network: StatusCode.unavailable,
  stalled: StatusCode.deadlineExceeded,
  digest_mismatch: StatusCode.dataLoss,
  size_mismatch: StatusCode.dataLoss,
  limit_exceeded: StatusCode.resourceExhausted,
  no_space: StatusCode.resourceExhausted,
  permission_denied: StatusCode.permissionDenied,
  store_corrupt: StatusCode.dataLoss,
  busy: StatusCode.unavailable,
  unsupported: StatusCode.unimplemented,
  deadline_exceeded: StatusCode.deadlineExceeded,
  cancelled: StatusCode.cancelled,
  internal: StatusCode.internal,
} as const satisfies Record<ErrorCode, StatusCode>;

/**
 * Returns the status for a thrown value. The message of anything but an `AppError` isn't sent, because it may contain
 * secrets.
 */
export function statusOf(error: unknown): RpcStatus {
  const code = codeOf(error);
  if (code === undefined) {
    return { code: StatusCode.unknown, message: "Unexpected error; see the server's log" };
  }
  return { code: STATUS_CODES[code], message: messageOf(error) };
}
