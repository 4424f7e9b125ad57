/**
 * Responses whose body is monitored for stalls.
 *
 * @module
 */
import type { ByteReader } from "../../base/bytes.ts";
import { AppError, messageOf } from "../../base/errors.ts";
import type { HeaderFields, HttpResponse } from "../../http/message/http_message.ts";
import type { Endpoint } from "./endpoint.ts";
import { type OperationRequest, performRequest, type RequestContext } from "./perform_request.ts";
import { hostsOf } from "./response_error.ts";
import { StallDetector } from "./stall.ts";

/** An accepted response. Dispose it: that closes the connection of a body not read to its end. */
export interface MonitoredResponse extends ByteReader, Disposable {
  readonly endpoint: Endpoint;
  readonly status: number;
  readonly headers: HeaderFields;
  /**
   * Reads the body.
   *
   * @throws AppError `stalled` if it arrives too slowly, `network` if the connection fails, or the signal's
   * reason
   */
  read(buffer: Uint8Array): Promise<number | null>;
}

/**
 * Sends a request to an endpoint and opens the body of its response.
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
  return new StallCheckedResponse(endpoint, request.operation, response, signal, context);
}

class StallCheckedResponse implements MonitoredResponse {
  readonly endpoint: Endpoint;
  readonly #operation: string;
  readonly #response: HttpResponse;
  /** Undefined if the whole body has already been received. */
  readonly #detector: StallDetector | undefined;
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
    this.#detector = new StallDetector(stall, clock, ({ rate, minRate, windowMs, wasFast }) => {
      const found = `host "${endpoint.host}" sent ${Math.round(rate)} bytes/s over ${windowMs / 1000} s`;
      this.#stalled = new AppError(
        "stalled",
        `${operation}: ${found}, expected at least ${Math.round(minRate)}; ` +
          "another connection, host or mirror may be faster",
        { details: { host: endpoint.host, wasFast } },
      );
      // Closes the connection, which also ends the pending read.
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
    const detector = this.#detector;
    if (detector === undefined) {
      this.#signal.throwIfAborted();
      return await this.#response.body.read(buffer);
    }
    let n: number | null = 0;
    detector.startRead();
    try {
      n = await this.#response.body.read(buffer, (bytes) => detector.record(bytes));
    } catch (error) {
      if (this.#signal.aborted) throw this.#signal.reason;
      throw this.#stalled ?? this.#failure(error);
    } finally {
      detector.endRead(n ?? 0);
    }
    // When its response is disposed, the runtime's own client ends a pending read as if the body had ended.
    if (this.#stalled !== undefined && n === null) throw this.#stalled;
    return n;
  }

  [Symbol.dispose](): void {
    this.#detector?.[Symbol.dispose]();
    this.#response[Symbol.dispose]();
  }

  #failure(error: unknown): AppError {
    const { url } = this.#response;
    const details = error instanceof AppError ? error.details : {};
    const message = messageOf(error);
    const prefix = `Cannot reach "${url.host}": `;
    const reason = message.startsWith(prefix) ? message.slice(prefix.length) : message;
    const failure = `${this.#operation}: ${hostsOf(this.endpoint, url)} failed: ${reason}`;
    return this.endpoint.secrets.hideIn(
      new AppError("network", failure, {
        details: { ...details, host: this.endpoint.host, isRetryable: true },
        cause: error,
      }),
    );
  }
}
