/**
 * One response whose body is being read, under watch.
 *
 * @module
 */
import type { ByteReader } from "../../base/bytes.ts";
import { AppError, messageOf } from "../../base/errors.ts";
import { type OperationRequest, performRequest, type RequestContext } from "./perform_request.ts";
import type { HeaderFields, HttpResponse } from "../../http/message/http_message.ts";
import type { Endpoint } from "./endpoint.ts";
import { StallWatch } from "./stall.ts";

/** An accepted response. Dispose it: that closes the connection of a body not read to its end. */
export interface MonitoredResponse extends ByteReader, Disposable {
  readonly endpoint: Endpoint;
  readonly status: number;
  readonly headers: HeaderFields;
  /**
   * Reads the body.
   *
   * @throws AppError `stalled` if it comes too slowly, `network` if it breaks, or the signal's reason
   */
  read(buffer: Uint8Array): Promise<number | null>;
}

/**
 * Asks a endpoint once and opens the body of its answer.
 *
 * @throws AppError as {@linkcode performRequest}, or the signal's reason
 */
export async function openMonitoredResponse(
  endpoint: Endpoint,
  request: OperationRequest,
  context: RequestContext,
  signal: AbortSignal,
): Promise<MonitoredResponse> {
  const response = await performRequest(endpoint, request, context, signal);
  return new WatchedResponse(endpoint, request.operation, response, signal, context);
}

class WatchedResponse implements MonitoredResponse {
  readonly endpoint: Endpoint;
  readonly #operation: string;
  readonly #response: HttpResponse;
  /** None for a body that is here already. */
  readonly #watch: StallWatch | undefined;
  readonly #signal: AbortSignal;
  #stalled: AppError | undefined;

  constructor(
    endpoint: Endpoint,
    operation: string,
    response: HttpResponse,
    signal: AbortSignal,
    { clock, stall }: RequestContext,
  ) {
    this.endpoint = endpoint;
    this.#operation = operation;
    this.#response = response;
    this.#signal = signal;
    if (response.isReceived) return;
    this.#watch = new StallWatch(stall, clock, (speed) => {
      const found = `host "${endpoint.host}" sent ${Math.round(speed)} bytes/s over ${stall.window / 1000} s`;
      this.#stalled = new AppError(
        "stalled",
        `${operation}: ${found}, want at least ${stall.floor}; another connection, host or mirror may be faster`,
        { details: { host: endpoint.host } },
      );
      // Closes the connection, and with it ends the read that waits.
      response[Symbol.dispose]();
    });
  }

  get status(): number {
    return this.#response.status;
  }

  get headers(): HeaderFields {
    return this.#response.headers;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const watch = this.#watch;
    if (watch === undefined) {
      this.#signal.throwIfAborted();
      return await this.#response.body.read(buffer);
    }
    let n: number | null = 0;
    watch.enter();
    try {
      n = await this.#response.body.read(buffer, (bytes) => watch.note(bytes));
    } catch (error) {
      if (this.#signal.aborted) throw this.#signal.reason;
      throw this.#stalled ?? this.#broken(error);
    } finally {
      watch.leave(n ?? 0);
    }
    // The runtime's own client ends such a read as if that were the end of the body; bytes that came before are good.
    if (this.#stalled !== undefined && n === null) throw this.#stalled;
    return n;
  }

  [Symbol.dispose](): void {
    this.#watch?.[Symbol.dispose]();
    this.#response[Symbol.dispose]();
  }

  #broken(error: unknown): AppError {
    const { host } = this.endpoint;
    const details = error instanceof AppError ? error.details : {};
    return new AppError("network", `${this.#operation}: host "${host}" broke off: ${messageOf(error)}`, {
      details: { ...details, host, isRetryable: true },
      cause: error,
    });
  }
}
