/**
 * A test whether several connections download a slow body faster than one.
 *
 * @module
 */
import { type AbortScope, abortScope } from "../../base/concurrency/abort.ts";
import {
  PROBE_COMPARE_MAX_MS,
  PROBE_COMPARE_MIN_MS,
  PROBE_COMPARE_ROUND_TRIPS,
  PROBE_KEPT_RATIO,
  PROBE_MAX_BYTES,
  PROBE_MIN_BYTES,
  PROBE_WARMUP_BYTES,
} from "../../base/tuning.ts";
import type { Clock } from "../../http/clock.ts";
import type { OpenRange } from "./parallel_ranges.ts";

/** The number of bytes to download beside a connection of `rate` bytes per second. */
export function probeBytesFor(rate: number): number {
  const wanted = PROBE_WARMUP_BYTES + Math.ceil(rate * PROBE_COMPARE_MAX_MS / 1000);
  return Math.min(Math.max(wanted, PROBE_MIN_BYTES), PROBE_MAX_BYTES);
}

/** A body whose connection is slow. */
export interface ProbeTask {
  /** Bytes of the whole blob. */
  readonly size: number;
  /** Throughput of its only connection, in bytes per second. */
  readonly rate: number;
}

/**
 * Downloads the last part of the body over a second connection while the first one continues. On a saturated
 * link the first connection loses what the second gains, which costs nothing: the last part is kept in
 * memory, and the first connection doesn't have to deliver it. Dispose it.
 */
export class BandwidthProbe implements Disposable {
  /** Offset of the last part. */
  readonly first: number;
  /** Throughput of the first connection before the probe, in bytes per second. */
  readonly rate: number;
  #latency = 0;
  readonly #clock: Clock;
  readonly #scope: AbortScope;
  readonly #buffer: Uint8Array;
  #filled = 0;
  /** Bytes of the first connection since the end of this one's warm-up. */
  #connectionBytes = 0;
  #shouldSplit = false;

  /** Sends the request. */
  constructor({ size, rate }: ProbeTask, open: OpenRange, clock: Clock, signal: AbortSignal) {
    this.#buffer = new Uint8Array(Math.min(size, probeBytesFor(rate)));
    this.first = size - this.#buffer.length;
    this.rate = rate;
    this.#clock = clock;
    this.#scope = abortScope(signal);
    // If the range can't be downloaded, the first connection delivers everything.
    this.#download(open, size, this.#scope.signal).catch(() => {});
  }

  /** Milliseconds from the request to its response; 0 until then. */
  get latency(): number {
    return this.#latency;
  }

  /** Whether {@linkcode BandwidthProbe.read} has the whole last part. */
  get isComplete(): boolean {
    return this.#filled === this.#buffer.length;
  }

  /** Records bytes that the first connection has delivered. */
  recordConnectionBytes(bytes: number): void {
    this.#connectionBytes += bytes;
  }

  /** Returns true once, after the first connection has kept its throughput beside this one. */
  takeSplitDecision(): boolean {
    const decision = this.#shouldSplit;
    this.#shouldSplit = false;
    return decision;
  }

  /** Copies bytes of the last part to `buffer`, from `offset` of the whole blob on. @returns their number */
  read(offset: number, buffer: Uint8Array): number {
    const start = offset - this.first;
    const part = this.#buffer.subarray(start, start + buffer.length);
    buffer.set(part);
    return part.length;
  }

  [Symbol.dispose](): void {
    this.#scope.abort(new DOMException("The body has been disposed", "AbortError"));
    this.#scope[Symbol.dispose]();
  }

  async #download(open: OpenRange, size: number, signal: AbortSignal): Promise<void> {
    const requestedAt = this.#clock.elapsed();
    using connection = await open(this.first, size, signal);
    this.#latency = this.#clock.elapsed() - requestedAt;
    const compareMs = Math.min(
      Math.max(PROBE_COMPARE_MIN_MS, PROBE_COMPARE_ROUND_TRIPS * this.#latency),
      PROBE_COMPARE_MAX_MS,
    );
    let warmedUpAt: number | undefined;
    let isDecided = false;
    while (!this.isComplete) {
      const n = await connection.read(this.#buffer.subarray(this.#filled));
      if (n === null) return;
      this.#filled += n;
      const now = this.#clock.elapsed();
      if (warmedUpAt === undefined) {
        if (this.#filled < PROBE_WARMUP_BYTES) continue;
        warmedUpAt = now;
        this.#connectionBytes = 0;
      } else if (!isDecided && (now - warmedUpAt >= compareMs || this.isComplete)) {
        isDecided = true;
        // A part that arrived within a single burst proves nothing.
        this.#shouldSplit = now - warmedUpAt >= Math.min(this.#latency, compareMs) &&
          this.#connectionBytes >= this.rate * (now - warmedUpAt) / 1000 * PROBE_KEPT_RATIO;
      }
    }
  }
}
