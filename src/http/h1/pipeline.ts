/**
 * One keep-alive connection on which requests are sent ahead of the responses to earlier ones.
 *
 * @module
 */
import type { BufferPool } from "../../base/buffer_pool.ts";
import { PIPELINE_MIN_RATE, PIPELINE_SLACK_BYTES } from "../../base/tuning.ts";
import { http1Body } from "./body.ts";
import type { Http1Connection } from "./connection.ts";
import { type RawRequest, type RawResponse, readHead } from "./request.ts";
import type { ConnectionPool } from "./pool.ts";

/** A request that waits to be sent, or for its response. */
export interface PipelineJob {
  readonly request: RawRequest;
  /** Expected size of the body in bytes. */
  readonly expected: number;
  readonly signal: AbortSignal;
  /**
   * Ends the job. `undefined` means that the request must be sent without pipelining, `"timeout"` that the server
   * didn't respond in time.
   */
  readonly settle: (response: RawResponse | undefined | "timeout") => void;
  isSettled: boolean;
  tries: number;
  /** When it was last sent, by `performance.now()`. */
  sentAt: number;
}

/** What a pipelined connection shares with the others of its pool. */
export interface PipelineDeps {
  readonly pool: ConnectionPool;
  readonly buffers: BufferPool;
  /** Limit for opening the connection and for the wait for a response, in milliseconds. */
  readonly timeout: number;
  /** Takes the next job from the queue, for a connection that already has `pending` jobs. */
  readonly next: (pending: number) => PipelineJob | undefined;
  /** The current limit of jobs per connection. */
  readonly depth: () => number;
}

/** One connection and its jobs, in the order in which they were sent. */
export class PipelinedConnection {
  readonly #pool: ConnectionPool;
  readonly #buffers: BufferPool;
  readonly #timeout: number;
  readonly #next: (pending: number) => PipelineJob | undefined;
  readonly #depth: () => number;
  readonly #jobs: PipelineJob[] = [];
  #connection: Http1Connection | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** Bytes of bodies received. */
  #bytes = 0;
  /** `#bytes` at each of the last samples. */
  readonly #samples: number[] = [];

  /** Creates an instance without a connection; `run` opens one. */
  constructor({ pool, buffers, timeout, next, depth }: PipelineDeps) {
    this.#pool = pool;
    this.#buffers = buffers;
    this.#timeout = timeout;
    this.#next = next;
    this.#depth = depth;
  }

  /** Number of jobs without a response. */
  get length(): number {
    return this.#jobs.length;
  }

  /** Runs jobs until none is left, or until the connection fails; then returns those without a response. */
  async run(first: PipelineJob): Promise<readonly PipelineJob[]> {
    this.#add(first);
    const connection = this.#pool.takeIdle() ??
      await this.#pool.open(this.#timeout, first.signal).catch(() => undefined);
    if (connection === undefined || this.#jobs.every(({ isSettled }) => isSettled)) {
      if (connection !== undefined) this.#pool.putBack(connection);
      // Sending without pipelining reports why there is no connection.
      for (const job of this.#jobs) if (!job.isSettled) job.settle(undefined);
      return [];
    }
    this.#connection = connection;
    let isClean = true;
    try {
      this.#write(connection, first.request.text);
      this.takeMore();
      while (isClean && this.#jobs.length > 0) isClean = await this.#receive(connection);
    } catch {
      connection.close();
    }
    // Before the next await: takeMore() must not write to a connection that goes back to the pool.
    this.#connection = undefined;
    await this.#writing.catch(() => {});
    // Unread bytes of a declined response would be parsed as the next response.
    if (isClean && this.#jobs.length === 0) this.#pool.putBack(connection);
    else connection.close();
    return this.#jobs;
  }

  /** Sends more jobs, up to the current depth. */
  takeMore(): void {
    const connection = this.#connection;
    if (connection === undefined || connection.isClosed) return;
    // Wait until at least two can be sent: one write for both costs either side less.
    if (this.#jobs.length > Math.max(0, this.#depth() - 2)) return;
    let text = "";
    for (let job = this.#next(this.#jobs.length); job !== undefined; job = this.#next(this.#jobs.length)) {
      this.#add(job);
      text += job.request.text;
    }
    if (text !== "") this.#write(connection, text);
  }

  /** Closes the connection if all its jobs were aborted, rather than read their responses. */
  closeIfAllSettled(): void {
    if (this.#jobs.every(({ isSettled }) => isSettled)) this.#connection?.close();
  }

  /**
   * Closes the connection if it received too little within the timeout. If its oldest job has waited for the whole
   * timeout, that job fails: sending it without pipelining would take as long again. Called `samples` times per timeout.
   */
  checkThroughput(samples: number): void {
    if (this.#samples.length === samples) {
      const before = this.#samples.shift() ?? 0;
      if (this.#bytes - before < PIPELINE_MIN_RATE * this.#timeout / 1000) this.#close();
    }
    this.#samples.push(this.#bytes);
  }

  #add(job: PipelineJob): void {
    job.tries++;
    job.sentAt = performance.now();
    this.#jobs.push(job);
  }

  #close(): void {
    const [oldest] = this.#jobs;
    if (oldest !== undefined && !oldest.isSettled && performance.now() - oldest.sentAt >= this.#timeout) {
      oldest.settle("timeout");
    }
    this.#connection?.close();
  }

  #write(connection: Http1Connection, text: string): void {
    this.#writing = this.#writing.then(() => connection.write(text));
    // A broken connection is reported by the read of the response.
    this.#writing.catch(() => {});
  }

  /** Reads the response to the oldest job. Returns whether the connection can be used for another response. */
  async #receive(connection: Http1Connection): Promise<boolean> {
    const job = this.#jobs[0];
    if (job === undefined) return false;
    const begin = performance.now();
    const isOnlyJob = this.#jobs.length === 1;
    const head = await readHead(connection, job.request.method);
    if (head === undefined) return false;
    if (isOnlyJob) this.#pool.recordLatency(performance.now() - begin);
    const { framing } = head;
    const limit = job.expected + PIPELINE_SLACK_BYTES;
    if (framing.kind === "length" && framing.bytes > limit) return this.#decline(job);
    const body = http1Body(connection, framing);
    const maxBytes = framing.kind === "length" ? framing.bytes : limit;
    const pooled = this.#buffers.acquire(maxBytes);
    const buffer = pooled.subarray(0, maxBytes);
    let filled = 0;
    while (!body.isDone) {
      // The buffer is full: read one more byte to detect a body without a Content-Length that is too long.
      const target = filled < buffer.length ? buffer.subarray(filled) : new Uint8Array(1);
      const before = this.#bytes;
      const n = await body.read(target, (bytes) => this.#bytes += bytes);
      if (n === null) break;
      if (filled === buffer.length) return this.#decline(job);
      filled += n;
      this.#bytes = before + n;
    }
    this.#jobs.shift();
    if (head.isPersistent) this.#pool.recordUse(connection);
    if (job.isSettled) this.#buffers.release(pooled);
    else {
      job.settle({
        head,
        body: buffer.subarray(0, filled),
        [Symbol.dispose]: () => this.#buffers.release(pooled),
      });
    }
    if (!head.isPersistent) return false;
    this.takeMore();
    return true;
  }

  /** Ends a job whose response is too long to buffer; the caller sends it again without pipelining. */
  #decline(job: PipelineJob): false {
    this.#jobs.shift();
    if (!job.isSettled) job.settle(undefined);
    return false;
  }
}
