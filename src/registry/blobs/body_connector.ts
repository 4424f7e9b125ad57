/**
 * The connections of one body: which hosts, in which order, and from which byte.
 *
 * @module
 */
import { AppError, type ErrorCode } from "../../base/errors.ts";
import { PIPELINED_MAX_BYTES } from "../../base/tuning.ts";
import type { FetchOptions, TransferEvent } from "../../content/remote.ts";
import { RANGE } from "../../http/message/http_names.ts";
import type { Endpoint } from "../request/endpoint.ts";
import { decompressedResponse } from "../request/decompressed_response.ts";
import { withFailover } from "../request/failover.ts";
import { type MonitoredResponse, openMonitoredResponse } from "../request/monitored_response.ts";
import type { RequestContext } from "../request/perform_request.ts";
import { isRetryableError, type RetryBudget } from "../request/retry.ts";
import { type RangeReply, validateRangeReply } from "./range_reply.ts";

/** A status 4xx that a host sends for this many requests for a range in sequence refuses ranges. */
const REFUSED_RANGES = 2;

/** A request for the bytes of one blob or manifest. */
export interface BodyRequest {
  /** Prefix of error messages: `Cannot fetch blob "sha256:…" of "docker.io/library/nginx"`. */
  readonly operation: string;
  /** In order of preference; at least one. */
  readonly endpoints: readonly Endpoint[];
  /** Bytes of the whole content. */
  readonly size: number;
  /** The first byte to request; less than `size` unless that is 0. */
  readonly offset: number;
  /** Headers of every request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly onEvent: (event: TransferEvent) => void;
  readonly strategy: NonNullable<FetchOptions["strategy"]>;
  /** Whether parts of the content may be requested. */
  readonly allowsRanges: boolean;
}

/** A response that holds the bytes from `first` up to, but not including, `end`. Dispose the response. */
export interface BodyConnection {
  readonly response: MonitoredResponse;
  readonly first: number;
  readonly end: number;
}

/** Opens the connections of one body. The order of its endpoints changes as they fail. */
export class BodyConnector {
  readonly request: BodyRequest;
  readonly context: RequestContext;
  /** Governs the body until it is disposed. */
  readonly signal: AbortSignal;
  #endpoints: readonly Endpoint[];
  /** Endpoints that send the whole content, but no ranges of it. */
  readonly #withoutRanges = new Set<Endpoint>();
  /** Requests for a range that an endpoint has refused in sequence. */
  readonly #refusals = new Map<Endpoint, number>();

  /** Sends nothing yet. */
  constructor(request: BodyRequest, context: RequestContext, signal: AbortSignal) {
    this.request = request;
    this.context = context;
    this.signal = signal;
    this.#endpoints = request.endpoints;
  }

  /**
   * Opens a connection whose first byte is `offset`, or 0 if no host can start there.
   *
   * @param budget attempts that are left; a round of all endpoints counts as one
   * @throws AppError the last failure, or the signal's reason
   */
  async open(offset: number, budget: RetryBudget): Promise<BodyConnection> {
    const { operation, onEvent } = this.request;
    // A host that can only start at byte 0 is used if no other host can start at the offset.
    let fromZero: BodyConnection | undefined;
    const work = async (endpoint: Endpoint) => {
      const connection = await this.#openAt(endpoint, offset, budget);
      if (connection.first === offset) return connection;
      fromZero?.response[Symbol.dispose]();
      fromZero = connection;
      throw this.#refusal(endpoint, "network", `cannot resume at byte ${offset}`);
    };
    const fallback = () => {
      const connection = fromZero;
      fromZero = undefined;
      return connection;
    };
    const onRetry = (attempt: number, delayMs: number, reason: string) =>
      onEvent({ kind: "retry", attempt, offset, delayMs, reason });
    try {
      const endpoints = this.#endpoints;
      const request = { operation, endpoints, budget, isListed: true, work, fallback, onRetry };
      return await withFailover(request, this.context, this.signal);
    } finally {
      fromZero?.response[Symbol.dispose]();
    }
  }

  /**
   * Opens the bytes from `first` up to, but not including, `end` at one endpoint, without retries.
   *
   * @throws AppError if the endpoint sends anything else, or the signal's reason
   */
  async openRange(
    endpoint: Endpoint,
    first: number,
    end: number,
    signal: AbortSignal,
  ): Promise<MonitoredResponse> {
    const { operation, headers } = this.request;
    const range = { [RANGE]: `bytes=${first}-${end - 1}` };
    const response = await openMonitoredResponse(
      endpoint,
      { operation, method: "GET", headers: { ...headers, ...range }, accepted: [206] },
      this.context,
      signal,
    );
    const reply = this.#validate(response, first);
    if (reply.kind === "bytes" && reply.first === first && reply.end === end) return response;
    response[Symbol.dispose]();
    throw this.#refusal(endpoint, "network", "sent a different range than requested");
  }

  /** From now on tries `endpoint` after all others. */
  moveToEnd(endpoint: Endpoint): void {
    this.#endpoints = [...this.#endpoints.filter((other) => other !== endpoint), endpoint];
  }

  /** From now on requests only the whole content from `endpoint`. @returns whether that is a change */
  refuseRanges(endpoint: Endpoint): boolean {
    if (this.#withoutRanges.has(endpoint)) return false;
    this.#withoutRanges.add(endpoint);
    return true;
  }

  /** Bytes of an earlier connection must never prevent a download that would succeed without them. */
  async #openAt(endpoint: Endpoint, offset: number, budget: RetryBudget): Promise<BodyConnection> {
    const mayUseRange = this.request.allowsRanges && !this.#withoutRanges.has(endpoint);
    if (offset === 0 || !mayUseRange) return await this.#openFrom(endpoint, 0);
    try {
      const connection = await this.#openFrom(endpoint, offset);
      this.#refusals.delete(endpoint);
      return connection;
    } catch (error) {
      if (this.signal.aborted || !(error instanceof AppError)) throw error;
      if (!this.#isRefusal(endpoint, error, budget.isLastAttempt)) throw error;
    }
    const connection = await this.#openFrom(endpoint, 0);
    // The attempts so far failed because of the ranges.
    if (this.refuseRanges(endpoint)) budget.reset();
    return connection;
  }

  /** Reports whether to request the whole content after a request for a range has failed. */
  #isRefusal(endpoint: Endpoint, error: AppError, isLastAttempt: boolean): boolean {
    if (!isRetryableError(error)) return true;
    // Another request would only prolong a rate limit.
    if (error.code === "rate_limited") return false;
    const { status } = error.details;
    // A storage refuses an expired address with the same statuses; the next request gets a new address.
    const refusals = typeof status === "number" && status < 500 ? (this.#refusals.get(endpoint) ?? 0) + 1 : 0;
    this.#refusals.set(endpoint, refusals);
    return refusals >= REFUSED_RANGES || isLastAttempt;
  }

  /** @throws AppError also if the endpoint can't start at `from` */
  async #openFrom(endpoint: Endpoint, from: number): Promise<BodyConnection> {
    const response = await this.#request(endpoint, from);
    const reply = this.#validate(response, from);
    if (reply.kind === "no-range") {
      response[Symbol.dispose]();
      throw this.#refusal(endpoint, "network", reply.why);
    }
    const { first, end, isCompressed } = reply;
    if (!isCompressed) return { response, first, end };
    return { response: await decompressedResponse(response, this.request.operation), first, end };
  }

  #request(endpoint: Endpoint, from: number): Promise<MonitoredResponse> {
    const { operation, headers, size } = this.request;
    const hints = from === 0 && size <= PIPELINED_MAX_BYTES ? { expectedBytes: size } : {};
    const range: Record<string, string> = from === 0 ? {} : { [RANGE]: `bytes=${from}-` };
    return openMonitoredResponse(
      endpoint,
      { operation, method: "GET", headers: { ...headers, ...range }, accepted: [200, 206, 416], ...hints },
      this.context,
      this.signal,
    );
  }

  /** Disposes the response before it throws. */
  #validate(response: MonitoredResponse, offset: number): RangeReply {
    const { endpoint, status, headers } = response;
    try {
      const refuse = (code: ErrorCode, found: string) => this.#refusal(endpoint, code, found, "response");
      return validateRangeReply(status, headers, { offset, size: this.request.size }, refuse);
    } catch (error) {
      response[Symbol.dispose]();
      throw error;
    }
  }

  #refusal({ host }: Endpoint, code: ErrorCode, found: string, reason?: "response"): AppError {
    return new AppError(code, `${this.request.operation}: host "${host}" ${found}`, {
      details: { host, isRetryable: false, ...reason && { reason } },
    });
  }
}
