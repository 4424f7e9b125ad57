/**
 * The number of parallel transfers, adapted to their total throughput.
 *
 * @module
 */
import { SlidingRate } from "./sliding_rate.ts";
import { GROWTH_RATIO, STEADY_RATIO } from "../tuning.ts";

/** Limits of one group of workers. */
export interface ConcurrencyLimits {
  /** Workers at the start. */
  readonly workers: number;
  readonly maxWorkers: number;
  /** Time over which the total throughput is measured, in milliseconds. */
  readonly windowMs: number;
  /** Total throughput that the first measurement is compared with, in bytes per second. @default {0} */
  readonly baseline?: number;
  /** Adds no workers while the throughput per worker is higher, in bytes per second. @default {Infinity} */
  readonly maxRatePerWorker?: number;
  /**
   * Whether throughput counts only if it has changed by less than 10 % since the previous window. @default
   * {false}
   */
  readonly onlySteadyRates?: boolean;
  /** Adds no more workers after this many windows in which throughput didn't grow. @default {Infinity} */
  readonly windowsWithoutGrowth?: number;
  /** Milliseconds to the first response after which workers are added immediately. @default {Infinity} */
  readonly distantMs?: number;
  /** A monotonic clock in milliseconds. @default performance.now() */
  readonly now?: () => number;
}

/** Doubles the number of workers while total throughput grows by at least 25 %. */
export class AdaptiveConcurrency {
  readonly #limits: Required<ConcurrencyLimits>;
  readonly #rate: SlidingRate;
  #workers: number;
  #addWorkers: ((count: number) => void) | undefined;
  /** When measuring started or bytes were last recorded. */
  #recordedAt: number;
  #hasResponse = false;
  /** Total throughput when workers were last added. */
  #baseline: number;
  #windowsLeft: number;

  /** Starts to measure. */
  constructor(limits: ConcurrencyLimits) {
    this.#limits = {
      baseline: 0,
      maxRatePerWorker: Infinity,
      onlySteadyRates: false,
      windowsWithoutGrowth: Infinity,
      distantMs: Infinity,
      now: () => performance.now(),
      ...limits,
    };
    this.#rate = new SlidingRate(limits.windowMs);
    this.#workers = limits.workers;
    this.#baseline = this.#limits.baseline;
    this.#windowsLeft = this.#limits.windowsWithoutGrowth;
    this.#recordedAt = this.#limits.now();
  }

  /** Sets the function that starts `count` more workers. */
  start(addWorkers: (count: number) => void): void {
    this.#addWorkers = addWorkers;
  }

  /** Adds no more workers: the host is rate limiting or failing. */
  freeze(): void {
    this.#windowsLeft = 0;
  }

  /** Records that a response has started. Only the first one counts, and only before the first bytes. */
  recordResponse(): void {
    if (this.#hasResponse) return;
    this.#hasResponse = true;
    if (this.#limits.now() - this.#recordedAt > this.#limits.distantMs && this.#windowsLeft > 0) this.#grow();
  }

  /** Records bytes that one of the workers has received. */
  record(bytes: number): void {
    const now = this.#limits.now();
    const previous = this.#rate.latest;
    const rate = this.#rate.add(bytes, now - this.#recordedAt);
    this.#recordedAt = now;
    if (rate === undefined || this.#windowsLeft === 0) return;
    // New connections take a few windows to reach their throughput.
    const isRising = rate > previous * STEADY_RATIO;
    if (rate <= this.#baseline * GROWTH_RATIO) {
      if (!isRising) this.#windowsLeft--;
      return;
    }
    if (rate > this.#workers * this.#limits.maxRatePerWorker) return;
    if (this.#limits.onlySteadyRates && (isRising || previous > rate * STEADY_RATIO)) return;
    this.#baseline = rate;
    this.#windowsLeft = this.#limits.windowsWithoutGrowth;
    this.#grow();
  }

  #grow(): void {
    const count = Math.min(this.#workers, this.#limits.maxWorkers - this.#workers);
    if (count <= 0) return;
    this.#workers += count;
    this.#addWorkers?.(count);
  }
}
