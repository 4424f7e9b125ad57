/**
 * Where the next bytes of a body come from: which hosts, in which order, and how often still.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import { AppError, type ErrorCode } from "../../base/errors.ts";
import type { TransferEvent } from "../../content/remote.ts";
import { type MonitoredResponse, openMonitoredResponse } from "../request/monitored_response.ts";
import type { RequestContext } from "../request/perform_request.ts";
import { withFailover } from "../request/failover.ts";
import { RANGE } from "../../http/message/http_names.ts";
import { validateRangeReply } from "./range_reply.ts";
import { RetryBudget } from "../request/retry.ts";
import type { Endpoint } from "../request/endpoint.ts";

/** Bodies up to this size are mostly waiting for a round trip. */
const SMALL_MAX_BYTES = 64 * KIB;

/** What a body is of, and from where. */
export interface BodyRequest {
  /** How errors begin: `Cannot fetch blob "sha256:…" of "docker.io/library/nginx"`. */
  readonly operation: string;
  /** In the order in which they are asked; at least one. */
  readonly endpoints: readonly Endpoint[];
  /** Bytes of the whole. */
  readonly size: number;
  /** The first byte wanted, less than `size` unless that is 0. */
  readonly offset: number;
  /** Sent along with each request. */
  readonly headers: Readonly<Record<string, string>>;
  readonly onEvent: (event: TransferEvent) => void;
  /** Whether several connections may be opened for it. @default {false} */
  readonly isDominant?: boolean;
}

/** A connection that gives the bytes from `first` to before `end`. */
export interface Opened {
  readonly connection: MonitoredResponse;
  readonly first: number;
  readonly end: number;
}

/** The hosts of one body. The order changes as they fail. */
export class BodyPlan {
  readonly request: BodyRequest;
  readonly context: RequestContext;
  /** The caller's. It governs the body for as long as that lives, since `read` takes none. */
  readonly signal: AbortSignal;
  /** Attempts that are left. */
  readonly budget: RetryBudget;
  #endpoints: readonly Endpoint[];

  /** A plan that has asked nobody yet. */
  constructor(request: BodyRequest, context: RequestContext, signal: AbortSignal) {
    this.request = request;
    this.context = context;
    this.signal = signal;
    this.budget = new RetryBudget(context.attempts, context.clock);
    this.#endpoints = request.endpoints;
  }

  /** Opens a connection whose first byte is `offset`, or 0 if no host can begin there. */
  async open(offset: number): Promise<Opened> {
    const { operation, onEvent } = this.request;
    // A host that only serves from the start is of use, but not before the others were asked.
    let spare: Opened | undefined;
    const work = async (endpoint: Endpoint) => {
      const opened = await this.#openAt(endpoint, offset);
      if (opened.first === offset) return opened;
      spare?.connection[Symbol.dispose]();
      spare = opened;
      throw this.#refusal(endpoint, "network", `can't go on at byte ${offset}`);
    };
    const fallback = () => {
      const taken = spare;
      spare = undefined;
      return taken;
    };
    const onRetry = (attempt: number, delayMs: number, reason: string) =>
      onEvent({ kind: "retry", attempt, offset, delayMs, reason });
    try {
      const ask = { operation, endpoints: this.#endpoints, budget: this.budget, work, fallback, onRetry };
      return await withFailover(ask, this.context, this.signal);
    } finally {
      spare?.connection[Symbol.dispose]();
    }
  }

  /**
   * Opens the bytes from `first` to before `end` at one endpoint.
   *
   * @throws AppError if it gives anything else
   */
  async openRange(
    endpoint: Endpoint,
    first: number,
    end: number,
    signal: AbortSignal,
  ): Promise<MonitoredResponse> {
    const { operation, headers, size } = this.request;
    const range = { [RANGE]: `bytes=${first}-${end - 1}` };
    const connection = await openMonitoredResponse(
      endpoint,
      { operation, method: "GET", headers: { ...headers, ...range }, accepted: [206] },
      this.context,
      signal,
    );
    try {
      const refuse = (code: ErrorCode, found: string) => this.#refusal(endpoint, code, found);
      const reply = validateRangeReply(
        connection.status,
        connection.headers,
        { offset: first, size },
        refuse,
      );
      if (reply.kind === "bytes" && reply.first === first && reply.end === end) return connection;
      throw refuse("network", "sent another range than was asked for");
    } catch (error) {
      connection[Symbol.dispose]();
      throw error;
    }
  }

  /** Asks the endpoint only after all others from now on. */
  demote(endpoint: Endpoint): void {
    this.#endpoints = [...this.#endpoints.filter((other) => other !== endpoint), endpoint];
  }

  async #openAt(endpoint: Endpoint, offset: number): Promise<Opened> {
    const { size } = this.request;
    const refuse = (code: ErrorCode, found: string) => this.#refusal(endpoint, code, found);
    for (let from = offset;; from = 0) {
      const connection = await this.#connect(endpoint, from);
      try {
        const reply = validateRangeReply(
          connection.status,
          connection.headers,
          { offset: from, size },
          refuse,
        );
        if (reply.kind === "bytes") return { connection, first: reply.first, end: reply.end };
      } catch (error) {
        connection[Symbol.dispose]();
        throw error;
      }
      connection[Symbol.dispose]();
    }
  }

  #connect(endpoint: Endpoint, from: number): Promise<MonitoredResponse> {
    const { operation, headers, size } = this.request;
    const hints = from === 0 && size <= SMALL_MAX_BYTES ? { expectedBytes: size } : {};
    const range: Record<string, string> = from === 0 ? {} : { [RANGE]: `bytes=${from}-` };
    return openMonitoredResponse(
      endpoint,
      { operation, method: "GET", headers: { ...headers, ...range }, accepted: [200, 206, 416], ...hints },
      this.context,
      this.signal,
    );
  }

  #refusal({ host }: Endpoint, code: ErrorCode, found: string): AppError {
    return new AppError(code, `${this.request.operation}: host "${host}" ${found}`, {
      details: { host, isRetryable: false },
    });
  }
}
