/**
 * Finding out whether a slow body would come faster over several connections.
 *
 * @module
 */
import { type AbortScope, abortScope } from "../../base/abort.ts";
import { MIB } from "../../base/bytes.ts";
import type { Clock } from "../../http/clock.ts";
import type { OpenRange } from "./parallel_ranges.ts";

/** A connection that keeps so much of its speed beside another one was not held back by the line. */
const KEPT = 0.8;
/** New connections take a few round trips to their speed: what comes until then says nothing. */
const RAMP_BYTES = 2 * MIB;
/** Round trips that the two are compared for: bytes come in a burst in each, and one alone may be half a burst, or two. */
const LOOK_TRIPS = 4;
/** Bounds of that time, in milliseconds. */
const LOOK_LEAST_MS = 100;
const LOOK_MOST_MS = 400;
/** The last part waits in memory until the first connection gets there. */
const LEAST_BYTES = 4 * MIB;
const MOST_BYTES = 16 * MIB;

/** How many of the last bytes to fetch beside a connection of such a speed, in bytes per second. */
export function probeBytesFor(speed: number): number {
  const wanted = RAMP_BYTES + Math.ceil(speed * LOOK_MOST_MS / 1000);
  return Math.min(Math.max(wanted, LEAST_BYTES), MOST_BYTES);
}

/** What is known of the body. */
export interface ProbeTask {
  readonly size: number;
  /** Bytes per second that its connection gives alone. */
  readonly speed: number;
}

/**
 * A second connection fetches the last part of the body while the first one goes on. Where the line is full, the first
 * one loses what the second gets, and nothing is lost: the last part is kept, and the first connection has it less to
 * bring. Dispose it.
 */
export class BandwidthProbe implements Disposable {
  /** The first byte of the last part. */
  readonly first: number;
  /** Bytes per second that the first connection gave alone. */
  readonly speed: number;
  #latency = 0;
  readonly #clock: Clock;
  readonly #scope: AbortScope;
  readonly #buffer: Uint8Array;
  #filled = 0;
  /** Bytes of the first connection since this one was at its speed. */
  #otherBytes = 0;
  #wantsHelp = false;

  /** Begins to fetch. */
  constructor({ size, speed }: ProbeTask, open: OpenRange, clock: Clock, signal: AbortSignal) {
    this.#buffer = new Uint8Array(Math.min(size, probeBytesFor(speed)));
    this.first = size - this.#buffer.length;
    this.speed = speed;
    this.#clock = clock;
    this.#scope = abortScope(signal);
    // A host that refuses says enough: the first connection brings it all.
    this.#fetch(open, size, this.#scope.signal).catch(() => {});
  }

  /** How long the range took to begin, in milliseconds; 0 until it has. */
  get latency(): number {
    return this.#latency;
  }

  /** Whether the last part is here, to {@linkcode BandwidthProbe.read}. */
  get isWhole(): boolean {
    return this.#filled === this.#buffer.length;
  }

  /** The first connection has brought so many bytes. */
  note(bytes: number): void {
    this.#otherBytes += bytes;
  }

  /** Whether the first connection was not held back by this one. True once: then it is known. */
  takeWish(): boolean {
    const wish = this.#wantsHelp;
    this.#wantsHelp = false;
    return wish;
  }

  /** Gives bytes of the last part, from `position` of the whole body on, and their number. */
  read(position: number, buffer: Uint8Array): number {
    const at = position - this.first;
    const part = this.#buffer.subarray(at, at + buffer.length);
    buffer.set(part);
    return part.length;
  }

  [Symbol.dispose](): void {
    this.#scope.abort(new DOMException("The body is done", "AbortError"));
    this.#scope[Symbol.dispose]();
  }

  async #fetch(open: OpenRange, size: number, signal: AbortSignal): Promise<void> {
    const begin = this.#clock.elapsed();
    using connection = await open(this.first, size, signal);
    this.#latency = this.#clock.elapsed() - begin;
    const look = Math.min(Math.max(LOOK_LEAST_MS, LOOK_TRIPS * this.#latency), LOOK_MOST_MS);
    let rampedAt: number | undefined;
    let isJudged = false;
    while (!this.isWhole) {
      const n = await connection.read(this.#buffer.subarray(this.#filled));
      if (n === null) return;
      this.#filled += n;
      const now = this.#clock.elapsed();
      if (rampedAt === undefined) {
        if (this.#filled < RAMP_BYTES) continue;
        rampedAt = now;
        this.#otherBytes = 0;
      } else if (!isJudged && (now - rampedAt >= look || this.isWhole)) {
        isJudged = true;
        // All of it in one burst says nothing.
        this.#wantsHelp = now - rampedAt >= Math.min(this.#latency, look) &&
          this.#otherBytes >= this.speed * (now - rampedAt) / 1000 * KEPT;
      }
    }
  }
}
