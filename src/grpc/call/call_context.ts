/**
 * The context that all calls of a server share.
 *
 * @module
 */
import type { Limiter } from "../../base/concurrency/limiter.ts";
import type { ByteBudget } from "../wire/byte_budget.ts";
import type { Deadlines } from "./deadlines.ts";
import type { GrpcLimits } from "./limits.ts";
import type { CallInfo } from "../wire/method.ts";
import type { RpcStatus } from "../wire/status.ts";

/**
 * Decompresses a gzip-compressed message.
 *
 * @param limit maximum bytes of the result; more is an error with the code `limit_exceeded`
 */
export type Inflate = (bytes: Uint8Array, limit: number, signal: AbortSignal) => Promise<Uint8Array>;

/** A finished call. */
export interface EndedCall {
  /** The information that the handler got. */
  readonly info: CallInfo;
  /** When the headers were received, in milliseconds of `performance.now()`. */
  readonly startedAt: number;
}

/** The context that all calls of a server share. */
export interface CallContext {
  /** The limits of calls. */
  readonly limits: GrpcLimits;
  /** Limits the request bytes in memory. */
  readonly budget: ByteBudget;
  /** The deadlines of all calls. */
  readonly deadlines: Deadlines;
  /** Decompresses requests; undefined if compression isn't supported. */
  readonly inflate: Inflate | undefined;
  /** Limits the number of parallel decompressions. */
  readonly inflating: Limiter;
  /** Returns the status for an exception of a handler. */
  readonly statusOf: (error: unknown) => RpcStatus;
  /** Called once at the end of a call, after its status was queued or its client disconnected. */
  readonly ended: (call: EndedCall, status: RpcStatus, error: unknown) => void;
}
