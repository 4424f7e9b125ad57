/**
 * How a call ended, in gRPC's words.
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

/** What the client is told at the end of a call. */
export interface RpcStatus {
  /** The kind of end. */
  readonly code: StatusCode;
  /** For people; empty for ok. Goes over the wire: no secrets. */
  readonly message: string;
}

/** A call that succeeded. */
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
 * The status for a thrown value. Of a value that is not ours nothing is told but that it is unknown: its message
 * may hold what the client must not see.
 */
export function statusOf(error: unknown): RpcStatus {
  const code = codeOf(error);
  if (code === undefined) {
    return { code: StatusCode.unknown, message: "Unexpected failure, see the server's log" };
  }
  return { code: STATUS_CODES[code], message: messageOf(error) };
}
