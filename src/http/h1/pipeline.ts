/**
 * One connection with requests in line on it.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import type { BufferPool } from "../../base/buffer_pool.ts";
import { http1Body } from "./body.ts";
import type { Http1Connection } from "./connection.ts";
import { type RawRequest, type RawResponse, readHead } from "./request.ts";
import type { ConnectionPool } from "./pool.ts";

/** What small bodies may hold beyond what was expected: a refusal says why. */
const SLACK_BYTES = 16 * KIB;
/** Bytes per second that a connection with requests on it must bring. */
const FLOOR = KIB;

/** A request that waits for its turn, or for its answer. */
export interface PipelineJob {
  readonly request: RawRequest;
  /** Bytes of the body. */
  readonly expected: number;
  readonly signal: AbortSignal;
  /** Undefined: it has to be sent in some other way. */
  readonly settle: (response: RawResponse | undefined) => void;
  isSettled: boolean;
  tries: number;
}

/** What a lane works with. */
export interface PipelineDeps {
  readonly pool: ConnectionPool;
  readonly memory: BufferPool;
  /** How long the connection may take to be made or to bring anything, in milliseconds. */
  readonly timeout: number;
  /** Gives the next job for a lane with so many in line. */
  readonly next: (inLine: number) => PipelineJob | undefined;
  readonly depth: () => number;
}

/** One connection and the jobs in line on it. */
export class PipelinedConnection {
  readonly #pool: ConnectionPool;
  readonly #memory: BufferPool;
  readonly #timeout: number;
  readonly #next: (inLine: number) => PipelineJob | undefined;
  readonly #depth: () => number;
  readonly #jobs: PipelineJob[] = [];
  #connection: Http1Connection | undefined;
  #writing: Promise<void> = Promise.resolve();
  #bytes = 0;
  /** What had come at each of the last looks. */
  readonly #seen: number[] = [];

  /** A lane that has no connection yet. */
  constructor({ pool, memory, timeout, next, depth }: PipelineDeps) {
    this.#pool = pool;
    this.#memory = memory;
    this.#timeout = timeout;
    this.#next = next;
    this.#depth = depth;
  }

  /** Jobs in line. */
  get length(): number {
    return this.#jobs.length;
  }

  /** Answers jobs until there are none; gives back those that it could not answer. */
  async run(first: PipelineJob): Promise<readonly PipelineJob[]> {
    this.#jobs.push(first);
    first.tries++;
    const connection = this.#pool.takeIdle() ??
      await this.#pool.open(this.#timeout, first.signal).catch(() => undefined);
    if (connection === undefined || this.#jobs.every(({ isSettled }) => isSettled)) {
      if (connection !== undefined) this.#pool.putBack(connection);
      // Without a connection the ordinary way knows what to say.
      for (const job of this.#jobs) if (!job.isSettled) job.settle(undefined);
      return [];
    }
    this.#connection = connection;
    let isClean = true;
    try {
      this.#write(connection, first.request.text);
      this.takeMore();
      while (isClean && this.#jobs.length > 0) isClean = await this.#answer(connection);
    } catch {
      connection.close();
    }
    // Before anything else runs: a job put in line from here on would be written to a connection that is somebody else's.
    this.#connection = undefined;
    await this.#writing.catch(() => {});
    // What is left of an answer that was passed on would be taken for the next one.
    if (isClean && this.#jobs.length === 0) this.#pool.putBack(connection);
    else connection.close();
    return this.#jobs;
  }

  /** Puts more jobs in line, as many as may be. */
  takeMore(): void {
    const connection = this.#connection;
    if (connection === undefined || connection.isClosed) return;
    // Two in one write cost both sides less than each in its own.
    if (this.#jobs.length > Math.max(0, this.#depth() - 2)) return;
    let text = "";
    for (let job = this.#next(this.#jobs.length); job !== undefined; job = this.#next(this.#jobs.length)) {
      job.tries++;
      this.#jobs.push(job);
      text += job.request.text;
    }
    if (text !== "") this.#write(connection, text);
  }

  /** Nobody waits for what is in line: the connection is closed rather than read. */
  closeIfUnwanted(): void {
    if (this.#jobs.every(({ isSettled }) => isSettled)) this.#connection?.close();
  }

  /**
   * Closes a connection that brought too little in the time that it has, of which `looks` looks make a whole: its jobs
   * are sent in the ordinary way, which knows what to say.
   */
  checkSpeed(looks: number): void {
    if (this.#seen.length === looks) {
      const before = this.#seen.shift() ?? 0;
      if (this.#bytes - before < FLOOR * this.#timeout / 1000) this.#connection?.close();
    }
    this.#seen.push(this.#bytes);
  }

  #write(connection: Http1Connection, text: string): void {
    this.#writing = this.#writing.then(() => connection.write(text));
    // The read that waits for the answer tells of a connection that broke.
    this.#writing.catch(() => {});
  }

  /** Reads the answer of the first job in line; whether the connection is good for another. */
  async #answer(connection: Http1Connection): Promise<boolean> {
    const job = this.#jobs[0];
    if (job === undefined) return false;
    const begin = performance.now();
    const isAlone = this.#jobs.length === 1;
    const head = await readHead(connection, job.request.method);
    if (head === undefined) return false;
    if (isAlone) this.#pool.noteLatency(performance.now() - begin);
    const { framing } = head;
    const limit = job.expected + SLACK_BYTES;
    if (framing.kind === "length" && framing.bytes > limit) return this.#passOn(job);
    const body = http1Body(connection, framing);
    const most = framing.kind === "length" ? framing.bytes : limit;
    const memory = this.#memory.acquire(most);
    const buffer = memory.subarray(0, most);
    let filled = 0;
    while (!body.isDone) {
      // One more byte than fits is wanted only to find the end of a body that did not tell its length.
      const room = filled < buffer.length ? buffer.subarray(filled) : new Uint8Array(1);
      const before = this.#bytes;
      const n = await body.read(room, (bytes) => this.#bytes += bytes);
      if (n === null) break;
      if (filled === buffer.length) return this.#passOn(job);
      filled += n;
      this.#bytes = before + n;
    }
    this.#jobs.shift();
    if (head.isPersistent) this.#pool.noteUse(connection);
    if (job.isSettled) this.#memory.release(memory);
    else {
      job.settle({
        head,
        body: buffer.subarray(0, filled),
        [Symbol.dispose]: () => this.#memory.release(memory),
      });
    }
    if (!head.isPersistent) return false;
    this.takeMore();
    return true;
  }

  #passOn(job: PipelineJob): false {
    this.#jobs.shift();
    if (!job.isSettled) job.settle(undefined);
    return false;
  }
}
