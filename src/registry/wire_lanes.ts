/**
 * Many small requests to one server over few connections, several in line on each where the way is long.
 *
 * @module
 */
import { KIB } from "../base/bytes.ts";
import { type RawRequest, type RawResponse, readHead } from "./wire_exchange.ts";
import { wireBody } from "./wire_body.ts";
import type { WireConnection } from "./wire_connection.ts";
import type { WirePool } from "./wire_pool.ts";

/** Connections at once: what hides a round trip and stays polite. */
const LANES_MAX = 16;
/** Requests in line on one connection; with more, one that breaks costs more than the line gains. */
const DEPTH = 6;
/** Below this a line gains nothing over one request after the other, in milliseconds. */
const LONG_WAY_MS = 5;
/** What small bodies may hold beyond what was expected: a refusal says why. */
const SLACK_BYTES = 16 * KIB;
/** Bytes per second that a connection with requests on it must bring. */
const FLOOR = KIB;

interface Job {
  readonly request: RawRequest;
  readonly expected: number;
  readonly signal: AbortSignal;
  /** Undefined: it has to be sent in some other way. */
  readonly settle: (response: RawResponse | undefined) => void;
  isSettled: boolean;
  tries: number;
}

/** The lanes to one server. Only for requests that may be sent twice. */
export class WireLanes {
  readonly #pool: WirePool;
  readonly #timeout: number;
  readonly #lanes = new Set<Lane>();
  #queue: Job[] = [];
  /** Whether a connection with a line has broken: then this server gets one request at a time. */
  #isShort = false;

  /** @param timeout how long a connection may take to be made or to bring anything, in milliseconds */
  constructor(pool: WirePool, timeout: number) {
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
      const leave = () => {
        job.isSettled = true;
        reject(signal.reason);
        for (const lane of this.#lanes) lane.closeIfUnwanted();
      };
      const job: Job = {
        request,
        expected,
        signal,
        isSettled: false,
        tries: 0,
        settle(response) {
          job.isSettled = true;
          signal.removeEventListener("abort", leave);
          resolve(response);
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#queue.push(job);
      this.#fill();
    });
  }

  /** The next job for a lane that has so many in line already. */
  #next(inLine: number): Job | undefined {
    if (inLine >= this.#depth()) return undefined;
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) {
      if (!job.isSettled) return job;
    }
    return undefined;
  }

  #depth(): number {
    return !this.#isShort && this.#pool.keepsAlive && this.#pool.latency > LONG_WAY_MS ? DEPTH : 1;
  }

  /** Gives jobs to lanes: first those that are there, then new ones. */
  #fill(): void {
    for (const lane of this.#lanes) {
      if (this.#queue.length === 0) return;
      // A line grows only once there is a connection for everybody.
      if (lane.length === 0 || this.#lanes.size === LANES_MAX) lane.takeMore();
    }
    while (this.#lanes.size < LANES_MAX && this.#queue.some(({ isSettled }) => !isSettled)) this.#addLane();
  }

  #addLane(): void {
    const job = this.#next(0);
    if (job === undefined) return;
    const lane = new Lane(this.#pool, this.#timeout, (inLine) => this.#next(inLine));
    this.#lanes.add(lane);
    lane.run(job).then((left) => {
      this.#lanes.delete(lane);
      this.#return(left);
      this.#fill();
    });
  }

  /** Takes jobs back whose connection was lost. */
  #return(jobs: readonly Job[]): void {
    const wanted = jobs.filter(({ isSettled }) => !isSettled);
    if (jobs.length > 1) this.#isShort = true;
    for (const job of wanted) if (job.tries > 1) job.settle(undefined);
    this.#queue.unshift(...wanted.filter(({ isSettled }) => !isSettled));
  }
}

/** One connection and the jobs in line on it. */
class Lane {
  readonly #pool: WirePool;
  readonly #timeout: number;
  readonly #next: (inLine: number) => Job | undefined;
  readonly #jobs: Job[] = [];
  #connection: WireConnection | undefined;
  #writing: Promise<void> = Promise.resolve();
  #bytes = 0;

  constructor(pool: WirePool, timeout: number, next: (inLine: number) => Job | undefined) {
    this.#pool = pool;
    this.#timeout = timeout;
    this.#next = next;
  }

  get length(): number {
    return this.#jobs.length;
  }

  /** Answers jobs until there are none; gives back those that it could not answer. */
  async run(first: Job): Promise<readonly Job[]> {
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
    const timer = this.#watch(connection);
    let isClean = true;
    try {
      this.#write(connection, [first]);
      this.takeMore();
      while (isClean && this.#jobs.length > 0) isClean = await this.#answer(connection);
    } catch {
      connection.close();
    } finally {
      clearInterval(timer);
    }
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
    const taken: Job[] = [];
    for (let job = this.#next(this.#jobs.length); job !== undefined; job = this.#next(this.#jobs.length)) {
      job.tries++;
      this.#jobs.push(job);
      taken.push(job);
    }
    if (taken.length > 0) this.#write(connection, taken);
  }

  /** Nobody waits for what is in line: the connection is closed rather than read. */
  closeIfUnwanted(): void {
    if (this.#jobs.every(({ isSettled }) => isSettled)) this.#connection?.close();
  }

  #write(connection: WireConnection, jobs: readonly Job[]): void {
    const bytes = jobs.map(({ request }) => request.bytes);
    this.#writing = this.#writing.then(async () => {
      for (const part of bytes) await connection.write(part);
    });
    // The read that waits for the answer tells of a connection that broke.
    this.#writing.catch(() => {});
  }

  /** Reads the answer of the first job in line; whether the connection is good for another. */
  async #answer(connection: WireConnection): Promise<boolean> {
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
    const body = wireBody(connection, framing);
    const buffer = new Uint8Array(framing.kind === "length" ? framing.bytes : limit);
    let filled = 0;
    while (!body.isDone) {
      // One more byte than fits is wanted only to find the end of a body that did not tell its length.
      const room = filled < buffer.length ? buffer.subarray(filled) : new Uint8Array(1);
      const n = await body.read(room);
      if (n === null) break;
      if (filled === buffer.length) return this.#passOn(job);
      filled += n;
      this.#bytes += n;
    }
    this.#jobs.shift();
    if (head.isPersistent) this.#pool.noteUse(connection);
    if (!job.isSettled) {
      job.settle({ head, body: buffer.subarray(0, filled) });
    }
    if (!head.isPersistent) return false;
    this.takeMore();
    return true;
  }

  #passOn(job: Job): false {
    this.#jobs.shift();
    if (!job.isSettled) job.settle(undefined);
    return false;
  }

  /** Closes a connection that brings too little: its jobs are sent in the ordinary way, which knows what to say. */
  #watch(connection: WireConnection): ReturnType<typeof setInterval> {
    let before = 0;
    return setInterval(() => {
      if (this.#bytes - before < FLOOR * this.#timeout / 1000) connection.close();
      before = this.#bytes;
    }, this.#timeout);
  }
}
