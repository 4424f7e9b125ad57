/**
 * Many small requests to one server over few connections, several in line on each where the way is long.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import { BufferPool } from "../../base/buffer_pool.ts";
import { after } from "../../base/timer.ts";
import type { RawRequest, RawResponse } from "./request.ts";
import { PipelinedConnection, type PipelineJob } from "./pipeline.ts";
import type { ConnectionPool } from "./pool.ts";

/** Connections at once: what hides a round trip and stays polite. */
export const PIPELINES_MAX = 24;
/** Requests in line on one connection; with more, one that breaks costs more than the line gains. */
const DEPTH = 8;
/** Below this a line gains nothing over one request after the other, in milliseconds. */
const LONG_WAY_MS = 5;
/** What the longest of small bodies fits in, with what it may have beyond; and how many stay for the next. */
const PIECE_BYTES = 80 * KIB;
const SPARE_PIECES = 32;
/** How often connections are looked at in the time that they have. */
const LOOKS = 4;

interface WaitingJob extends PipelineJob {
  readonly reject: (reason: unknown) => void;
}

interface Listener {
  readonly jobs: Set<WaitingJob>;
  readonly leave: () => void;
}

/** The lanes to one server. Only for requests that may be sent twice. */
export class PipelinePool {
  readonly #pool: ConnectionPool;
  readonly #timeout: number;
  readonly #memory = new BufferPool({ bufferBytes: PIECE_BYTES, buffers: SPARE_PIECES });
  readonly #lanes = new Set<PipelinedConnection>();
  readonly #listeners = new Map<AbortSignal, Listener>();
  #queue: PipelineJob[] = [];
  /** Whether a connection with a line has broken: then this server gets one request at a time. */
  #isShort = false;
  #watch: (() => void) | undefined;

  /** @param timeout how long a connection may take to be made or to bring anything, in milliseconds */
  constructor(pool: ConnectionPool, timeout: number) {
    this.#pool = pool;
    this.#timeout = timeout;
  }

  /**
   * Sends a request in some line and reads the whole of its answer.
   *
   * @param expected bytes of the body
   * @returns undefined if that did not work, or the answer is much longer: then it is to be sent in the ordinary way
   * @throws the signal's reason
   */
  send(request: RawRequest, expected: number, signal: AbortSignal): Promise<RawResponse | undefined> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const job: WaitingJob = {
        request,
        expected,
        signal,
        isSettled: false,
        tries: 0,
        settle: (response) => {
          job.isSettled = true;
          this.#unlisten(job);
          resolve(response);
        },
        reject,
      };
      this.#listen(job);
      this.#queue.push(job);
      this.#fill();
    });
  }

  /** One listener for all jobs of a signal: a pull has hundreds, and one for each would cost as much as its answer. */
  #listen(job: WaitingJob): void {
    const { signal } = job;
    const known = this.#listeners.get(signal);
    if (known !== undefined) {
      known.jobs.add(job);
      return;
    }
    const jobs = new Set([job]);
    const leave = () => {
      this.#listeners.delete(signal);
      for (const each of jobs) {
        each.isSettled = true;
        each.reject(signal.reason);
      }
      for (const lane of this.#lanes) lane.closeIfUnwanted();
    };
    this.#listeners.set(signal, { jobs, leave });
    signal.addEventListener("abort", leave, { once: true });
  }

  #unlisten(job: WaitingJob): void {
    const known = this.#listeners.get(job.signal);
    if (known === undefined || !known.jobs.delete(job) || known.jobs.size > 0) return;
    job.signal.removeEventListener("abort", known.leave);
    this.#listeners.delete(job.signal);
  }

  /** The next job for a lane that has so many in line already. */
  #next(inLine: number): PipelineJob | undefined {
    if (inLine >= this.depth) return undefined;
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      if (!job.isSettled) return job;
    }
    return undefined;
  }

  /** Requests that may be in line on one connection. */
  get depth(): number {
    return !this.#isShort && this.#pool.keepsAlive && this.#pool.latency > LONG_WAY_MS ? DEPTH : 1;
  }

  /** Gives jobs to lanes: first those that are there, then new ones. */
  #fill(): void {
    for (const lane of this.#lanes) {
      if (this.#queue.length === 0) return;
      // A line grows only once there is a connection for everybody.
      if (lane.length === 0 || this.#lanes.size === PIPELINES_MAX) lane.takeMore();
    }
    while (this.#lanes.size < PIPELINES_MAX && this.#queue.some(({ isSettled }) => !isSettled)) {
      this.#addLane();
    }
  }

  #addLane(): void {
    const job = this.#next(0);
    if (job === undefined) return;
    const lane = new PipelinedConnection({
      pool: this.#pool,
      memory: this.#memory,
      timeout: this.#timeout,
      next: (inLine) => this.#next(inLine),
      depth: () => this.depth,
    });
    this.#lanes.add(lane);
    lane.run(job).then((left) => {
      this.#lanes.delete(lane);
      this.#return(left);
      this.#fill();
      this.#unwatch();
    });
    this.#watchLanes();
  }

  /** One timer for all lanes until none is left, and set when the first request is out: each costs half as much as a request. */
  #watchLanes(): void {
    if (this.#watch !== undefined) return;
    this.#watch = after(this.#timeout / LOOKS, () => {
      this.#watch = undefined;
      for (const lane of this.#lanes) lane.checkSpeed(LOOKS);
      if (this.#lanes.size > 0) this.#watchLanes();
    });
  }

  #unwatch(): void {
    if (this.#lanes.size > 0) return;
    this.#watch?.();
    this.#watch = undefined;
  }

  /** Takes jobs back whose connection was lost. */
  #return(jobs: readonly PipelineJob[]): void {
    const wanted = jobs.filter(({ isSettled }) => !isSettled);
    if (jobs.length > 1) this.#isShort = true;
    for (const job of wanted) if (job.tries > 1) job.settle(undefined);
    this.#queue.unshift(...wanted.filter(({ isSettled }) => !isSettled));
  }
}
