/**
 * One long body over several connections, where each is slow.
 *
 * @module
 */
import { abortScope } from "../../base/abort.ts";
import { MIB } from "../../base/bytes.ts";
import { SlidingRate } from "../../base/sliding_rate.ts";
import type { Clock } from "../../http/clock.ts";
import type { MonitoredResponse } from "../request/monitored_response.ts";

/** What one request asks for at most: it waits in memory for its turn. */
export const PART_BYTES = 4 * MIB;
/** Shorter parts are more requests than their memory is worth. */
const LEAST_PART_BYTES = 2 * MIB;
/** A part that comes for so many times the wait for its beginning loses little by that. */
const PART_WAITS = 16;
/** Twice what one connection gives is the least that says something. */
const FIRST_SPEEDS = 2;
const MOST_HELPERS = 8;
/** How long the sum of speeds is watched before more helpers come, in milliseconds. */
export const WINDOW_MS = 250;
/** Over a long way bytes come in one burst per round trip: so many of them make a fair window. */
const WINDOW_TRIPS = 4;
const WINDOW_MOST_MS = 1000;
/** More helpers are worth it while the sum grows by a quarter. */
const GROWTH = 1.25;
/** Windows without such growth, after which no more come. */
const PATIENCE = 2;
/** A window that grew by so much over the last one says that the newest connections are not at their speed yet. */
const RAMP = 1.1;

/** Opens the bytes from `first` to before `end`, and nothing else. */
export type OpenRange = (first: number, end: number, signal: AbortSignal) => Promise<MonitoredResponse>;

/** What a team is to fetch. */
export interface ParallelRangesTask {
  readonly first: number;
  readonly size: number;
  /** Bytes per second that one connection gave. */
  readonly speed: number;
  /** How long a range took to begin, in milliseconds. */
  readonly latency: number;
}

/** What one request asks for. */
function partBytesFor({ speed, latency }: ParallelRangesTask): number {
  const wanted = Math.ceil(PART_WAITS * latency * speed / 1000);
  return Math.min(Math.max(wanted, LEAST_PART_BYTES), PART_BYTES);
}

/** How many connections give twice the speed of one: each of them waits for the beginning of each part. */
function firstHelpersFor({ speed, latency }: ParallelRangesTask, partBytes: number): number {
  const partMs = partBytes * 1000 / speed;
  return Math.min(Math.ceil(FIRST_SPEEDS * (partMs + latency) / partMs - 0.5), MOST_HELPERS);
}

interface Part {
  readonly buffer: Uint8Array;
  readonly bytes: number;
  filled: number;
}

/**
 * Fetches parts side by side and gives their bytes in order, so that whoever reads sees one body. Dispose it: that
 * closes its connections.
 */
export class ParallelRangeReader implements Disposable {
  readonly #open: OpenRange;
  readonly #task: ParallelRangesTask;
  readonly #clock: Clock;
  readonly #scope;
  /** Parts under way, in order; the first one is being read. */
  readonly #parts: Part[] = [];
  readonly #spare: Uint8Array[] = [];
  #next: number;
  /** Bytes of the first part that were given. */
  #given = 0;
  #helpers = 0;
  #wake = Promise.withResolvers<void>();
  #hasFailed = false;
  readonly #partBytes: number;
  readonly #window: SlidingRate;
  #lookedAt: number;
  /** Bytes per second when helpers came last, and in the last window. */
  #speed: number;
  #lastSpeed = 0;
  #idleWindows = 0;

  /** A team that begins at once. */
  constructor(task: ParallelRangesTask, open: OpenRange, clock: Clock, signal: AbortSignal) {
    this.#task = task;
    this.#open = open;
    this.#clock = clock;
    this.#scope = abortScope(signal);
    this.#scope.signal.addEventListener("abort", () => this.#signalAll(), { once: true });
    this.#next = task.first;
    this.#speed = task.speed;
    this.#window = new SlidingRate(
      Math.min(Math.max(WINDOW_MS, WINDOW_TRIPS * task.latency), WINDOW_MOST_MS),
    );
    this.#lookedAt = clock.elapsed();
    this.#partBytes = partBytesFor(task);
    this.#add(firstHelpersFor(task, this.#partBytes));
  }

  /** The first byte that it gives. */
  get first(): number {
    return this.#task.first;
  }

  /**
   * Reads the next bytes; undefined if a helper has failed, or there are no more: somebody else must go on there.
   *
   * @throws the signal's reason
   */
  async read(buffer: Uint8Array): Promise<number | undefined> {
    for (;;) {
      const part = this.#parts[0];
      if (part !== undefined && part.filled > this.#given) {
        const n = Math.min(buffer.length, part.filled - this.#given);
        buffer.set(part.buffer.subarray(this.#given, this.#given + n));
        this.#given += n;
        if (this.#given === part.bytes) this.#dropFirst(part);
        return n;
      }
      if (this.#hasFailed || part === undefined && this.#next >= this.#task.size) return undefined;
      this.#scope.signal.throwIfAborted();
      await this.#wake.promise;
    }
  }

  [Symbol.dispose](): void {
    this.#scope.abort(new DOMException("The team is done", "AbortError"));
    this.#scope[Symbol.dispose]();
  }

  #dropFirst(part: Part): void {
    this.#parts.shift();
    this.#given = 0;
    this.#spare.push(part.buffer);
    this.#signalAll();
  }

  #add(count: number): void {
    for (let i = 0; i < count && this.#helpers < MOST_HELPERS && this.#next < this.#task.size; i++) {
      this.#helpers++;
      this.#help().catch(() => this.#fail());
    }
  }

  async #help(): Promise<void> {
    const { signal } = this.#scope;
    while (this.#next < this.#task.size && !signal.aborted && !this.#hasFailed) {
      // Nobody runs far ahead of who reads: that is what bounds the memory.
      if (this.#parts.length > this.#helpers) {
        await this.#wake.promise;
        continue;
      }
      const first = this.#next;
      const bytes = Math.min(this.#partBytes, this.#task.size - first);
      this.#next += bytes;
      const part: Part = { buffer: this.#spare.pop() ?? new Uint8Array(this.#partBytes), bytes, filled: 0 };
      this.#parts.push(part);
      using connection = await this.#open(first, first + bytes, signal);
      while (part.filled < bytes) {
        const n = await connection.read(part.buffer.subarray(part.filled, bytes));
        if (n === null) throw new Error("The range ended early");
        part.filled += n;
        this.#look(n);
        this.#signalAll();
      }
    }
  }

  /** So many bytes have come. Once a window: brings more helpers while that is worth it. */
  #look(bytes: number): void {
    const now = this.#clock.elapsed();
    const speed = this.#window.add(bytes, now - this.#lookedAt);
    this.#lookedAt = now;
    if (speed === undefined) return;
    const isRamping = speed > this.#lastSpeed * RAMP;
    this.#lastSpeed = speed;
    if (this.#idleWindows >= PATIENCE) return;
    if (speed <= this.#speed * GROWTH) {
      if (!isRamping) this.#idleWindows++;
      return;
    }
    this.#idleWindows = 0;
    this.#speed = speed;
    this.#add(this.#helpers);
  }

  #fail(): void {
    this.#hasFailed = true;
    this.#scope.abort(new DOMException("A helper failed", "AbortError"));
  }

  #signalAll(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }
}
