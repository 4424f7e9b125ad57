/**
 * A body that resumes where it stopped, over new connections and at other hosts.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { SHORT_ATTEMPT_BYTES, SKIP_BUFFER_BYTES } from "../../base/tuning.ts";
import type { FetchBody } from "../../content/remote.ts";
import type { Endpoint } from "../request/endpoint.ts";
import type { MonitoredResponse } from "../request/monitored_response.ts";
import type { RequestContext } from "../request/perform_request.ts";
import { isRetryableError, RetryBudget } from "../request/retry.ts";
import { type BodyConnection, BodyConnector, type BodyRequest } from "./body_connector.ts";
import { AttemptProgress } from "./attempt_progress.ts";
import type { OpenRange } from "./parallel_ranges.ts";
import { ParallelStrategy } from "./parallel_strategy.ts";
import { type ReadStrategy, SEQUENTIAL } from "./read_strategy.ts";

/**
 * Opens a body. See {@linkcode FetchBody}.
 *
 * @param signal governs the body until it is disposed, since `read` takes none
 * @throws AppError the last failure once all attempts have failed, or the signal's reason
 */
export async function openResumingBody(
  request: BodyRequest,
  context: RequestContext,
  signal: AbortSignal,
): Promise<FetchBody> {
  const connector = new BodyConnector(request, context, signal);
  const budget = new RetryBudget(context.attempts, context.clock);
  const connection = await connector.open(request.offset, budget);
  return new ResumingBody(connector, budget, connection);
}

function strategyFor(connector: BodyConnector): ReadStrategy {
  const { request: { strategy, size, allowsRanges }, context: { clock }, signal } = connector;
  if (strategy === "sequential" || !allowsRanges) return SEQUENTIAL;
  const rangesAt = (endpoint: Endpoint): OpenRange => (first, end, own) =>
    connector.openRange(endpoint, first, end, own);
  return new ParallelStrategy({ size, rangesAt }, clock, signal);
}

/** Reads in one loop: after a failure it waits, opens a connection at the next byte, and reads on. */
class ResumingBody implements FetchBody {
  readonly offset: number;
  readonly #connector: BodyConnector;
  readonly #budget: RetryBudget;
  readonly #strategy: ReadStrategy;
  readonly #progress: AttemptProgress;
  #isJoined: boolean;
  #connection: BodyConnection | undefined;
  #host: string;
  /** Offset of the next byte to deliver. */
  #position: number;
  /** Bytes before {@linkcode #position} that the connection sends once more. */
  #bytesToSkip = 0;
  /** Offset of the last failure, and whether it came after few bytes. */
  #failedAt: number;
  #wasShort = false;

  /**
   * The body starts where the first connection does: at byte 0 if no host could start at the requested
   * offset.
   */
  constructor(connector: BodyConnector, budget: RetryBudget, connection: BodyConnection) {
    this.#connector = connector;
    this.#budget = budget;
    this.#strategy = strategyFor(connector);
    this.#connection = connection;
    this.#host = connection.response.endpoint.host;
    this.offset = connection.first;
    this.#position = connection.first;
    this.#failedAt = connection.first;
    this.#isJoined = connection.first > 0;
    const { clock, stall, attempts } = connector.context;
    this.#progress = new AttemptProgress({ ...stall, attempts }, clock, connection.first);
  }

  get host(): string {
    return this.#host;
  }

  get isJoined(): boolean {
    return this.#isJoined;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const left = this.#connector.request.size - this.#position;
    if (left === 0) return await this.#readEnd();
    const target = buffer.length > left ? buffer.subarray(0, left) : buffer;
    for (;;) {
      const ahead = this.#strategy.readAhead(this.#position, target);
      if (ahead !== undefined) {
        this.#isJoined = true;
        this.#closeConnection();
        const n = await ahead;
        if (n === 0) continue;
        this.#position += n;
        return n;
      }
      const connection = this.#connection ?? await this.#reopen();
      let failure: AppError | undefined;
      try {
        if (this.#bytesToSkip > 0) await this.#skip(connection.response);
        const n = await this.#strategy.readConnection(connection.response, this.#position, target);
        if (n !== null) {
          this.#position += n;
          return n;
        }
      } catch (error) {
        this.#connector.signal.throwIfAborted();
        if (!(error instanceof AppError)) throw error;
        failure = error;
      }
      await this.#recover(connection, failure);
    }
  }

  [Symbol.dispose](): void {
    this.#strategy[Symbol.dispose]();
    this.#closeConnection();
  }

  #closeConnection(): void {
    this.#connection?.response[Symbol.dispose]();
    this.#connection = undefined;
  }

  async #reopen(): Promise<BodyConnection> {
    const connection = await this.#connector.open(this.#position, this.#budget);
    this.#connection = connection;
    this.#host = connection.response.endpoint.host;
    this.#bytesToSkip = this.#position - connection.first;
    this.#isJoined ||= this.#position > 0;
    return connection;
  }

  /** Reads the bytes that have already been delivered, because the host could only start at byte 0. */
  async #skip(response: MonitoredResponse): Promise<void> {
    const scratch = new Uint8Array(Math.min(SKIP_BUFFER_BYTES, this.#bytesToSkip));
    while (this.#bytesToSkip > 0) {
      const n = await response.read(scratch.subarray(0, this.#bytesToSkip));
      // The next read also reports the end, and handles it.
      if (n === null) return;
      this.#bytesToSkip -= n;
    }
  }

  /**
   * Closes a connection that failed or ended early, and waits until the next attempt is due.
   *
   * @throws the failure if it isn't retryable or no attempt is left
   */
  async #recover({ response, first, end }: BodyConnection, failure: AppError | undefined): Promise<void> {
    const { request, context, signal } = this.#connector;
    const { clock } = context;
    const { endpoint } = response;
    const position = this.#position;
    this.#closeConnection();
    // A host may send less than the requested range if its Content-Range says so. Request the rest.
    if (failure === undefined && position === end && position > this.#failedAt) return;
    const error = this.#errorOf(failure);
    if (!isRetryableError(error)) throw error;
    const hasProgress = position > this.#failedAt;
    const isShort = position - this.#failedAt < SHORT_ATTEMPT_BYTES;
    const isTooSlow = error.code === "stalled" && error.details.wasFast !== true;
    if (isTooSlow && endpoint.role === "mirror") context.backoffs.of(endpoint.host).skip();
    if (isTooSlow || isShort && this.#wasShort) this.#connector.moveToEnd(endpoint);
    this.#failedAt = position;
    this.#wasShort = isShort;
    if (hasProgress) {
      if (this.#progress.isTooSlow(position)) throw error;
      this.#budget.reset();
    }
    // Before giving up: the host may have no usable ranges, but the whole content.
    const isUselessRange = !hasProgress && first > 0 && this.#budget.isLastAttempt;
    if (isUselessRange && this.#connector.refuseRanges(endpoint)) return;
    const delayMs = this.#budget.fail(error);
    request.onEvent({
      kind: "retry",
      attempt: this.#budget.failures,
      offset: position,
      delayMs: Math.round(delayMs),
      reason: error.message,
    });
    await clock.sleep(delayMs, signal);
  }

  #errorOf(failure: AppError | undefined): AppError {
    const { operation, size } = this.#connector.request;
    const [host, offset] = [this.#host, this.#position];
    const where = `at byte ${offset} of ${size}`;
    return failure === undefined
      ? new AppError("network", `${operation}: host "${host}" closed the connection early, ${where}`, {
        details: { host, offset },
      })
      : new AppError(failure.code, `${failure.message}, ${where}`, {
        details: { ...failure.details, offset },
        cause: failure,
      });
  }

  /** Every byte has been delivered: checks that the host sends no more, and closes the connection. */
  async #readEnd(): Promise<null> {
    if (this.#connection === undefined) return null;
    const { request, signal } = this.#connector;
    let n: number | null = null;
    try {
      n = await this.#connection.response.read(new Uint8Array(1));
    } catch {
      // A failure after the last byte doesn't matter.
      signal.throwIfAborted();
    } finally {
      this[Symbol.dispose]();
    }
    if (n === null) return null;
    throw new AppError(
      "size_mismatch",
      `${request.operation}: host "${this.#host}" has more than ${request.size} bytes`,
      { details: { host: this.#host, want: request.size } },
    );
  }
}
