/**
 * What the calls of a server share.
 *
 * @module
 */
import type { ByteBudget } from "../wire/byte_budget.ts";
import type { Deadlines } from "./deadlines.ts";
import type { GrpcLimits } from "./limits.ts";
import type { CallInfo } from "../wire/method.ts";
import type { RpcStatus } from "../wire/status.ts";

/**
 * Decompresses a gzip-compressed message.
 *
 * @param limit the most bytes of the result; one more is a `limit_exceeded`
 */
export type Inflate = (bytes: Uint8Array, limit: number, signal: AbortSignal) => Promise<Uint8Array>;

/** A call that is over. */
export interface EndedCall {
  /** What its handler could know. */
  readonly info: CallInfo;
  /** When the headers came, in milliseconds of `performance.now()`. */
  readonly startedAt: number;
}

/** What the calls of a server share. */
export interface CallContext {
  /** How much a call may carry. */
  readonly limits: GrpcLimits;
  /** What requests in memory share. */
  readonly budget: ByteBudget;
  /** Where deadlines are kept. */
  readonly deadlines: Deadlines;
  /** Reads compressed requests, if they are read. */
  readonly inflate: Inflate | undefined;
  /** The status for what a handler throws. */
  readonly statusOf: (error: unknown) => RpcStatus;
  /** The call is over. Called once, after its status was queued or its client was gone. */
  readonly ended: (call: EndedCall, status: RpcStatus, error: unknown) => void;
}
