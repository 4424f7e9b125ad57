/**
 * Sends many small requests to one server over few connections, and pipelines them if latency is high.
 *
 * @module
 */
import { BufferPool } from "../../base/buffer_pool.ts";
import { after } from "../../base/concurrency/timer.ts";
import {
  PIPELINE_BUFFER_BYTES,
  PIPELINE_CONNECTIONS_MAX,
  PIPELINE_DEPTH,
  PIPELINE_IDLE_BUFFERS,
  PIPELINE_MIN_LATENCY_MS,
  PIPELINE_RATE_CHECKS,
} from "../../base/tuning.ts";
import type { RawRequest, RawResponse } from "./request.ts";
import { PipelinedConnection, type PipelineJob } from "./pipeline.ts";
import type { ConnectionPool } from "./pool.ts";

interface WaitingJob extends PipelineJob {
  readonly reject: (reason: unknown) => void;
}

interface AbortListener {
  readonly jobs: Set<WaitingJob>;
  readonly onAbort: () => void;
}

/** The pipelined connections to one server. Only for idempotent requests: one may be sent twice. */
export class PipelinePool {
  readonly #pool: ConnectionPool;
  readonly #timeout: number;
  readonly #buffers = new BufferPool({ bufferBytes: PIPELINE_BUFFER_BYTES, buffers: PIPELINE_IDLE_BUFFERS });
  readonly #connections = new Set<PipelinedConnection>();
  readonly #listeners = new Map<AbortSignal, AbortListener>();
  #queue: PipelineJob[] = [];
  /** Set when a connection with several pending requests fails: not every server supports pipelining. */
  #isPipeliningDisabled = false;
  #stopMonitor: (() => void) | undefined;

  /** @param timeout limit for opening a connection and for the wait for a response, in milliseconds */
  constructor(pool: ConnectionPool, timeout: number) {
    this.#pool = pool;
    this.#timeout = timeout;
  }

  /**
   * Sends a request and reads its complete response. The caller disposes the response.
   *
   * @param expected expected size of the body in bytes
   * @returns undefined if no response was received, or one that is much longer than expected: the caller must then send
   * the request without pipelining; `"timeout"` if the server received the request and didn't respond in time
   * @throws the signal's reason
   */
  send(
    request: RawRequest,
    expected: number,
    signal: AbortSignal,
  ): Promise<RawResponse | undefined | "timeout"> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const job: WaitingJob = {
        request,
        expected,
        signal,
        isSettled: false,
        tries: 0,
        sentAt: 0,
        settle: (response) => {
          job.isSettled = true;
          this.#unlisten(job);
          resolve(response);
        },
        reject,
      };
      this.#listen(job);
      this.#queue.push(job);
      this.#dispatch();
    });
  }

  /** Uses one listener for all jobs of a signal: a pull has hundreds, and a listener costs as much as a response. */
  #listen(job: WaitingJob): void {
    const { signal } = job;
    const known = this.#listeners.get(signal);
    if (known !== undefined) {
      known.jobs.add(job);
      return;
    }
    const jobs = new Set([job]);
    const onAbort = () => {
      this.#listeners.delete(signal);
      for (const each of jobs) {
        each.isSettled = true;
        each.reject(signal.reason);
      }
      for (const connection of this.#connections) connection.closeIfAllSettled();
    };
    this.#listeners.set(signal, { jobs, onAbort });
    signal.addEventListener("abort", onAbort, { once: true });
  }

  #unlisten(job: WaitingJob): void {
    const known = this.#listeners.get(job.signal);
    if (known === undefined || !known.jobs.delete(job) || known.jobs.size > 0) return;
    job.signal.removeEventListener("abort", known.onAbort);
    this.#listeners.delete(job.signal);
  }

  /** Takes the next job for a connection that already has `pending` jobs; undefined if it may not have another. */
  #next(pending: number): PipelineJob | undefined {
    if (pending >= this.depth) return undefined;
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      if (!job.isSettled) return job;
    }
    return undefined;
  }

  /** The number of requests that may be pending on one connection. */
  get depth(): number {
    const isWorthwhile = this.#pool.keepsAlive && this.#pool.latency > PIPELINE_MIN_LATENCY_MS;
    return isWorthwhile && !this.#isPipeliningDisabled ? PIPELINE_DEPTH : 1;
  }

  /** Assigns queued jobs to connections: first to open ones, then to new ones. */
  #dispatch(): void {
    for (const connection of this.#connections) {
      if (this.#queue.length === 0) return;
      // Pipeline only once no more connections may be opened.
      if (connection.length === 0 || this.#connections.size === PIPELINE_CONNECTIONS_MAX) {
        connection.takeMore();
      }
    }
    while (
      this.#connections.size < PIPELINE_CONNECTIONS_MAX && this.#queue.some(({ isSettled }) => !isSettled)
    ) {
      this.#addConnection();
    }
  }

  #addConnection(): void {
    const job = this.#next(0);
    if (job === undefined) return;
    const connection = new PipelinedConnection({
      pool: this.#pool,
      buffers: this.#buffers,
      timeout: this.#timeout,
      next: (pending) => this.#next(pending),
      depth: () => this.depth,
    });
    this.#connections.add(connection);
    connection.run(job).then((unanswered) => {
      this.#connections.delete(connection);
      this.#requeue(unanswered);
      this.#dispatch();
      this.#stopMonitorIfIdle();
    });
    this.#startMonitor();
  }

  /**
   * Uses one timer for all connections, set after the first request was sent: setting a timer costs half as much as a
   * request.
   */
  #startMonitor(): void {
    if (this.#stopMonitor !== undefined) return;
    this.#stopMonitor = after(this.#timeout / PIPELINE_RATE_CHECKS, () => {
      this.#stopMonitor = undefined;
      for (const connection of this.#connections) connection.checkThroughput(PIPELINE_RATE_CHECKS);
      if (this.#connections.size > 0) this.#startMonitor();
    });
  }

  #stopMonitorIfIdle(): void {
    if (this.#connections.size > 0) return;
    this.#stopMonitor?.();
    this.#stopMonitor = undefined;
  }

  /** Queues the jobs of a failed connection again, each of them once. */
  #requeue(jobs: readonly PipelineJob[]): void {
    const unsettled = jobs.filter(({ isSettled }) => !isSettled);
    if (jobs.length > 1) this.#isPipeliningDisabled = true;
    for (const job of unsettled) if (job.tries > 1) job.settle(undefined);
    this.#queue.unshift(...unsettled.filter(({ isSettled }) => !isSettled));
  }
}
