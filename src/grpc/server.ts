/**
 * A gRPC server over HTTP/2.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { Limiter } from "../base/concurrency/limiter.ts";
import type { Http2Limits } from "../http2/frame/limits.ts";
import { Http2Server, type ShutdownEnd } from "../http2/server.ts";
import { type Http2Stream, IGNORE_BODY, type StreamSink } from "../http2/stream/stream.ts";
import { ByteBudget } from "./wire/byte_budget.ts";
import { Call } from "./call/call.ts";
import type { CallContext, Inflate } from "./call/call_context.ts";
import { Deadlines } from "./call/deadlines.ts";
import { DEFAULT_GRPC_LIMITS, type GrpcLimits } from "./call/limits.ts";
import type { MethodTable } from "./wire/method.ts";
import { sendHttpStatus, sendTrailersOnly } from "./call/response.ts";
import { type RpcStatus, StatusCode, statusOf } from "./wire/status.ts";
import { parseTimeout } from "./wire/timeout.ts";

/** A finished call; for logs and metrics. */
export interface CallRecord {
  /** The path: `/package.Service/Method`. Arbitrary text from the client if `known` is false. */
  readonly method: string;
  /** Whether the server has the method. */
  readonly known: boolean;
  /** The status of the call. */
  readonly status: RpcStatus;
  /** Milliseconds from the headers to the status. */
  readonly durationMs: number;
  /** The client's trace, from its metadata (W3C `traceparent`). */
  readonly traceparent: string | undefined;
  /** The error, with its causes; undefined for a success. */
  readonly error: unknown;
}

/** Options of {@linkcode GrpcServer}. */
export interface GrpcServerOptions {
  /** The methods of the server. */
  readonly methods: MethodTable;
  /** Decompresses gzip requests; without it, they fail with UNIMPLEMENTED. */
  readonly inflate?: Inflate;
  /** Returns the status for an exception of a handler. @default {statusOf} */
  readonly statusOf?: (error: unknown) => RpcStatus;
  /** Returns the status message for a method that the server doesn't have. */
  readonly unknownMethod?: (method: string) => string;
  /** Called once per call, at its end. */
  readonly onCall?: (record: CallRecord) => void;
  /** Called for protocol errors and failed accepts; for the log. */
  readonly onError?: (error: unknown) => void;
  /** Limits of calls that differ from the defaults. */
  readonly limits?: Partial<GrpcLimits>;
  /** Limits of connections that differ from the defaults. */
  readonly http2?: Partial<Http2Limits>;
}

const CONTENT_TYPE = /^application\/grpc(\+proto)?\s*(;|$)/i;

/** Serves methods on the listeners that the caller passes to `serve()`. */
export class GrpcServer implements AsyncDisposable {
  readonly #options: GrpcServerOptions;
  readonly #http2: Http2Server;
  readonly #context: CallContext;
  readonly #deadlines = new Deadlines();
  #active = 0;

  /**
   * Creates a server; {@linkcode serve} starts it.
   *
   * @throws AppError `invalid_argument` for a limit of HTTP/2 that is out of range
   */
  constructor(options: GrpcServerOptions) {
    this.#options = options;
    const limits = { ...DEFAULT_GRPC_LIMITS, ...options.limits };
    this.#context = {
      limits,
      budget: new ByteBudget(limits.bufferedRequestBytes),
      deadlines: this.#deadlines,
      inflate: options.inflate,
      inflating: new Limiter(1),
      statusOf: options.statusOf ?? statusOf,
      ended: (call, status, error) => {
        this.#active--;
        this.#report(call.info.method, true, call.info.metadata, call.startedAt, status, error);
      },
    };
    this.#http2 = new Http2Server({
      onStream: (stream) => this.#begin(stream),
      ...(options.onError && { onError: options.onError }),
      ...(options.http2 && { limits: options.http2 }),
    });
  }

  /** Number of calls in progress. */
  get activeCalls(): number {
    return this.#active;
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#http2.connections;
  }

  /** Serves a listener until {@linkcode shutdown}, which closes it. Several listeners can be served in parallel. */
  serve(listener: Deno.Listener): Promise<void> {
    return this.#http2.serve(listener);
  }

  /**
   * Refuses new calls, waits for those in progress, and closes all listeners and connections.
   *
   * @param graceMs milliseconds until the remaining calls are aborted
   */
  async shutdown(graceMs: number): Promise<ShutdownEnd> {
    const end = await this.#http2.shutdown(graceMs);
    this.#deadlines.close();
    return end;
  }

  /** Aborts the calls in progress and closes all listeners and connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown(0);
  }

  #begin(stream: Http2Stream): StreamSink {
    const { headers } = stream;
    if (headers.get(":method") !== "POST") {
      sendHttpStatus(stream, 405);
      return IGNORE_BODY;
    }
    if (!CONTENT_TYPE.test(headers.get("content-type") ?? "")) {
      sendHttpStatus(stream, 415);
      return IGNORE_BODY;
    }
    return this.#dispatch(stream, headers, headers.get(":path") ?? "");
  }

  #dispatch(stream: Http2Stream, metadata: ReadonlyMap<string, string>, path: string): StreamSink {
    const method = this.#options.methods.get(path);
    if (!method) {
      const message = this.#options.unknownMethod?.(path) ??
        `Cannot call "${path}": unknown method`;
      const status = { code: StatusCode.unimplemented, message };
      sendTrailersOnly(stream, status);
      this.#report(path, false, metadata, performance.now(), status, undefined);
      return IGNORE_BODY;
    }
    const call = new Call(stream, { method: path, metadata }, method, this.#context);
    this.#active++;
    const timeout = metadata.get("grpc-timeout");
    if (timeout === undefined) return call;
    const ms = parseTimeout(timeout);
    if (ms === undefined) call.fail(new AppError("internal", `Cannot read grpc-timeout "${timeout}"`));
    else call.setDeadline(ms);
    return call;
  }

  #report(
    method: string,
    known: boolean,
    metadata: ReadonlyMap<string, string>,
    startedAt: number,
    status: RpcStatus,
    error: unknown,
  ): void {
    this.#options.onCall?.({
      method,
      known,
      status,
      durationMs: performance.now() - startedAt,
      traceparent: metadata.get("traceparent"),
      error,
    });
  }
}
