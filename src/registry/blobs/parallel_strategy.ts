/**
 * Reading one large body over several connections if a single one is slow.
 *
 * @module
 */
import { SlidingRate } from "../../base/concurrency/sliding_rate.ts";
import {
  PARALLEL_MAX_RATE,
  PARALLEL_MIN_BYTES,
  PARALLEL_MIN_SECONDS,
  PARALLEL_STEADY_RATIO,
  RANGE_MAX_BYTES,
  RATE_WINDOW_MS,
} from "../../base/tuning.ts";
import type { Clock } from "../../http/clock.ts";
import type { Endpoint } from "../request/endpoint.ts";
import type { MonitoredResponse } from "../request/monitored_response.ts";
import { BandwidthProbe, probeBytesFor } from "./bandwidth_probe.ts";
import { type OpenRange, ParallelRangeReader } from "./parallel_ranges.ts";
import type { ReadStrategy } from "./read_strategy.ts";

/** A body that may be read in parallel. */
export interface ParallelTask {
  /** Bytes of the whole blob. */
  readonly size: number;
  /** Opens ranges of the blob at one endpoint. */
  readonly rangesAt: (endpoint: Endpoint) => OpenRange;
}

/**
 * Measures the throughput of the body's connection. If that is slow and steady, a {@linkcode BandwidthProbe}
 * downloads the last part of the blob over a second connection. If the first connection keeps its throughput
 * beside it, a {@linkcode ParallelRangeReader} downloads what lies between the two. Whenever one of them
 * fails, the body's connection delivers its bytes instead.
 */
export class ParallelStrategy implements ReadStrategy {
  readonly #task: ParallelTask;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #rate = new SlidingRate(RATE_WINDOW_MS);
  #probe: BandwidthProbe | undefined;
  #ranges: ParallelRangeReader | undefined;

  /** @param signal ends all requests, as does disposing the strategy */
  constructor(task: ParallelTask, clock: Clock, signal: AbortSignal) {
    this.#task = task;
    this.#clock = clock;
    this.#signal = signal;
  }

  readAhead(offset: number, buffer: Uint8Array): Promise<number> | undefined {
    const probe = this.#probe;
    if (probe !== undefined && probe.isComplete && offset >= probe.first) {
      this.#closeRanges();
      return Promise.resolve(probe.read(offset, buffer));
    }
    const ranges = this.#ranges;
    return ranges !== undefined && offset >= ranges.first ? this.#readRanges(ranges, buffer) : undefined;
  }

  async readConnection(
    connection: MonitoredResponse,
    offset: number,
    buffer: Uint8Array,
  ): Promise<number | null> {
    const startedAt = this.#clock.elapsed();
    let n: number | null = null;
    try {
      n = await connection.read(this.#limit(offset, buffer));
    } finally {
      // After a failure the body starts over with one connection.
      if (n === null) this.#closeRanges();
    }
    if (n !== null) this.#adapt(connection.endpoint, offset + n, n, this.#clock.elapsed() - startedAt);
    return n;
  }

  [Symbol.dispose](): void {
    this.#probe?.[Symbol.dispose]();
    this.#closeRanges();
  }

  /** The part of `buffer` to fill before the bytes of the ranges or of the probe begin. */
  #limit(offset: number, buffer: Uint8Array): Uint8Array {
    const starts = [this.#probe?.isComplete ? this.#probe.first : undefined, this.#ranges?.first];
    const lengths = starts.flatMap((first) => first !== undefined && first > offset ? [first - offset] : []);
    const length = Math.min(buffer.length, ...lengths);
    return length === buffer.length ? buffer : buffer.subarray(0, length);
  }

  async #readRanges(ranges: ParallelRangeReader, buffer: Uint8Array): Promise<number> {
    let n: number | undefined;
    try {
      n = await ranges.read(buffer);
    } catch {
      this.#signal.throwIfAborted();
    }
    if (n !== undefined) return n;
    this.#closeRanges();
    return 0;
  }

  #closeRanges(): void {
    this.#ranges?.[Symbol.dispose]();
    this.#ranges = undefined;
  }

  /** After each read from the connection, which waited `ms`: starts the probe, and after it the ranges. */
  #adapt(endpoint: Endpoint, offset: number, bytes: number, ms: number): void {
    const { size, rangesAt } = this.#task;
    if (this.#probe === undefined) {
      const rate = this.#slowRate(bytes, ms);
      if (rate === undefined || !isWorthSplitting(size - offset, rate)) return;
      this.#probe = new BandwidthProbe({ size, rate }, rangesAt(endpoint), this.#clock, this.#signal);
      return;
    }
    this.#probe.recordConnectionBytes(bytes);
    if (this.#probe.takeSplitDecision()) this.#startRanges(offset, this.#probe, rangesAt(endpoint));
  }

  /** The throughput in bytes per second once it is slow and no longer rising. */
  #slowRate(bytes: number, ms: number): number | undefined {
    const previous = this.#rate.latest;
    const rate = this.#rate.add(bytes, ms);
    if (rate === undefined || previous === 0) return undefined;
    return rate < PARALLEL_MAX_RATE && rate < previous * PARALLEL_STEADY_RATIO ? rate : undefined;
  }

  /** The ranges start one range after the connection's offset, which it reaches while they connect. */
  #startRanges(offset: number, { first: end, rate, latency }: BandwidthProbe, open: OpenRange): void {
    const first = offset + RANGE_MAX_BYTES;
    if (end - first < RANGE_MAX_BYTES) return;
    this.#ranges = new ParallelRangeReader({ first, end, rate, latency }, open, this.#clock, this.#signal);
  }
}

function isWorthSplitting(bytesLeft: number, rate: number): boolean {
  return bytesLeft >= probeBytesFor(rate) + PARALLEL_MIN_BYTES && bytesLeft >= rate * PARALLEL_MIN_SECONDS;
}
