/**
 * Downloading one body as ranges over several connections.
 *
 * @module
 */
import { abortScope } from "../../base/concurrency/abort.ts";
import { AdaptiveConcurrency } from "../../base/concurrency/adaptive_concurrency.ts";
import {
  RANGE_LATENCIES,
  RANGE_MAX_BYTES,
  RANGE_MIN_BYTES,
  RANGE_STALL_MS,
  RANGE_WINDOW_MAX_MS,
  RANGE_WINDOW_ROUND_TRIPS,
  RANGE_WINDOWS_WITHOUT_GROWTH,
  RANGE_WORKERS_FIRST_GAIN,
  RANGE_WORKERS_MAX,
  RATE_WINDOW_MS,
} from "../../base/tuning.ts";
import type { Clock } from "../../http/clock.ts";
import type { MonitoredResponse } from "../request/monitored_response.ts";

/** Opens the bytes from `first` up to, but not including, `end`. Dispose the response. */
export type OpenRange = (first: number, end: number, signal: AbortSignal) => Promise<MonitoredResponse>;

/** What to download, and how fast one connection was. */
export interface ParallelRangesTask {
  /** Offset of the first byte. */
  readonly first: number;
  /** Offset after the last byte. */
  readonly end: number;
  /** Throughput of one connection, in bytes per second. */
  readonly rate: number;
  /** Milliseconds from a request for a range to its response. */
  readonly latency: number;
}

/** Bytes per request. */
function rangeBytesFor({ rate, latency }: ParallelRangesTask): number {
  const wanted = Math.ceil(RANGE_LATENCIES * latency * rate / 1000);
  return Math.min(Math.max(wanted, RANGE_MIN_BYTES), RANGE_MAX_BYTES);
}

/**
 * The number of connections that should double the throughput, since each waits for the response to each
 * request.
 */
function firstWorkersFor({ rate, latency }: ParallelRangesTask, rangeBytes: number): number {
  const rangeMs = rangeBytes * 1000 / rate;
  return Math.min(
    Math.ceil(RANGE_WORKERS_FIRST_GAIN * (rangeMs + latency) / rangeMs - 0.5),
    RANGE_WORKERS_MAX,
  );
}

interface Part {
  readonly buffer: Uint8Array;
  readonly bytes: number;
  filled: number;
}

/**
 * Downloads ranges in parallel and delivers their bytes in order. The first failure ends all of them; the
 * caller then reads the rest in another way. Dispose it: that closes its connections.
 */
export class ParallelRangeReader implements Disposable {
  readonly #open: OpenRange;
  readonly #task: ParallelRangesTask;
  readonly #clock: Clock;
  readonly #concurrency: AdaptiveConcurrency;
  readonly #scope;
  /** Parts in order; the first one is being read. */
  readonly #parts: Part[] = [];
  readonly #idleBuffers: Uint8Array[] = [];
  readonly #rangeBytes: number;
  /** Offset of the next range to request. */
  #next: number;
  /** Bytes of the first part that have been read. */
  #read = 0;
  #workers = 0;
  #changed = Promise.withResolvers<void>();
  #hasFailed = false;

  /** Starts immediately. */
  constructor(task: ParallelRangesTask, open: OpenRange, clock: Clock, signal: AbortSignal) {
    this.#task = task;
    this.#open = open;
    this.#clock = clock;
    this.#scope = abortScope(signal);
    this.#scope.signal.addEventListener("abort", () => this.#notify(), { once: true });
    this.#next = task.first;
    this.#rangeBytes = rangeBytesFor(task);
    const workers = firstWorkersFor(task, this.#rangeBytes);
    this.#concurrency = new AdaptiveConcurrency({
      workers,
      maxWorkers: RANGE_WORKERS_MAX,
      // Over a long round trip bytes arrive in bursts, one per round trip.
      windowMs: Math.min(
        Math.max(RATE_WINDOW_MS, RANGE_WINDOW_ROUND_TRIPS * task.latency),
        RANGE_WINDOW_MAX_MS,
      ),
      baseline: task.rate,
      windowsWithoutGrowth: RANGE_WINDOWS_WITHOUT_GROWTH,
      now: () => clock.elapsed(),
    });
    this.#concurrency.start((count) => this.#addWorkers(count));
    this.#addWorkers(workers);
  }

  /** Offset of the first byte that it delivers. */
  get first(): number {
    return this.#task.first;
  }

  /**
   * Reads the next bytes.
   *
   * @returns undefined after a failure, after the last byte, or if the next byte doesn't arrive for some seconds
   * @throws the signal's reason
   */
  async read(buffer: Uint8Array): Promise<number | undefined> {
    let cancel: (() => void) | undefined;
    try {
      return await this.#readParts(
        buffer,
        () => cancel ??= this.#clock.after(RANGE_STALL_MS, () => this.#fail()),
      );
    } finally {
      cancel?.();
    }
  }

  [Symbol.dispose](): void {
    this.#scope.abort(new DOMException("The ranges have been disposed", "AbortError"));
    this.#scope[Symbol.dispose]();
  }

  async #readParts(buffer: Uint8Array, onWait: () => void): Promise<number | undefined> {
    for (;;) {
      const part = this.#parts[0];
      if (part !== undefined && part.filled > this.#read) {
        const n = Math.min(buffer.length, part.filled - this.#read);
        buffer.set(part.buffer.subarray(this.#read, this.#read + n));
        this.#read += n;
        if (this.#read === part.bytes) this.#dropFirst(part);
        return n;
      }
      if (this.#hasFailed || part === undefined && this.#next >= this.#task.end) return undefined;
      this.#scope.signal.throwIfAborted();
      onWait();
      await this.#changed.promise;
    }
  }

  #dropFirst(part: Part): void {
    this.#parts.shift();
    this.#read = 0;
    this.#idleBuffers.push(part.buffer);
    this.#notify();
  }

  #addWorkers(count: number): void {
    for (let i = 0; i < count && this.#next < this.#task.end; i++) {
      this.#workers++;
      this.#download().catch(() => this.#fail());
    }
  }

  async #download(): Promise<void> {
    const { signal } = this.#scope;
    while (this.#next < this.#task.end && !signal.aborted && !this.#hasFailed) {
      // Limits the memory of parts that wait to be read.
      if (this.#parts.length > this.#workers) {
        await this.#changed.promise;
        continue;
      }
      const first = this.#next;
      const bytes = Math.min(this.#rangeBytes, this.#task.end - first);
      this.#next += bytes;
      const buffer = this.#idleBuffers.pop() ?? new Uint8Array(this.#rangeBytes);
      const part: Part = { buffer, bytes, filled: 0 };
      this.#parts.push(part);
      using connection = await this.#open(first, first + bytes, signal);
      while (part.filled < bytes) {
        const n = await connection.read(part.buffer.subarray(part.filled, bytes));
        if (n === null) throw new Error("The range ended early");
        part.filled += n;
        this.#concurrency.record(n);
        this.#notify();
      }
    }
  }

  #fail(): void {
    this.#hasFailed = true;
    this.#scope.abort(new DOMException("A range failed", "AbortError"));
  }

  #notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
