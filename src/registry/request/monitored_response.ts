/**
 * One response whose body is being read, under watch.
 *
 * @module
 */
import type { ByteReader } from "../../base/bytes.ts";
import { AppError, messageOf } from "../../base/errors.ts";
import { type Exchange, exchange, type ExchangeContext } from "./exchange.ts";
import type { HeaderFields, HttpResponse } from "../../http/message/http_message.ts";
import type { Source } from "./endpoint.ts";
import { StallWatch } from "./stall.ts";

/** An accepted response. Dispose it: that closes the connection of a body not read to its end. */
export interface Connection extends ByteReader, Disposable {
  readonly source: Source;
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
 * Asks a source once and opens the body of its answer.
 *
 * @throws AppError as {@linkcode exchange}, or the signal's reason
 */
export async function connect(
  source: Source,
  request: Exchange,
  context: ExchangeContext,
  signal: AbortSignal,
): Promise<Connection> {
  const response = await exchange(source, request, context, signal);
  return new WatchedResponse(source, request.intent, response, signal, context);
}

class WatchedResponse implements Connection {
  readonly source: Source;
  readonly #intent: string;
  readonly #response: HttpResponse;
  /** None for a body that is here already. */
  readonly #watch: StallWatch | undefined;
  readonly #signal: AbortSignal;
  #stalled: AppError | undefined;

  constructor(
    source: Source,
    intent: string,
    response: HttpResponse,
    signal: AbortSignal,
    { clock, stall }: ExchangeContext,
  ) {
    this.source = source;
    this.#intent = intent;
    this.#response = response;
    this.#signal = signal;
    if (response.isReceived) return;
    this.#watch = new StallWatch(stall, clock, (speed) => {
      const found = `host "${source.host}" sent ${Math.round(speed)} bytes/s over ${stall.window / 1000} s`;
      this.#stalled = new AppError(
        "stalled",
        `${intent}: ${found}, want at least ${stall.floor}; another connection, host or mirror may be faster`,
        { details: { host: source.host } },
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
    const { host } = this.source;
    const details = error instanceof AppError ? error.details : {};
    return new AppError("network", `${this.#intent}: host "${host}" broke off: ${messageOf(error)}`, {
      details: { ...details, host, isRetryable: true },
      cause: error,
    });
  }
}
