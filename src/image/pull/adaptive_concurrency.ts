/**
 * More blobs at once where each connection is slow.
 *
 * @module
 */
import { SlidingRate } from "../../base/sliding_rate.ts";

/** How long the sum of speeds is taken over, in milliseconds. */
const WINDOW_MS = 250;
/** A connection that gives more than this, in bytes per second, needs no company. */
const FAST = 50_000_000;
/** A sum that changed by more than this over the last window says nothing yet. */
const STEADY = 1.1;
/** More are worth it while the sum grows by a quarter. */
const GROWTH = 1.25;
/**
 * A host whose first blob takes longer to begin, in milliseconds, is far away: what one connection gives is bounded by
 * the round trip there, and is long in growing to that.
 */
const FAR_MS = 60;
/** More at once is more than hosts are used to. */
const MOST_LANES = 10;

/** Watches the sum of speeds, and raises the number of blobs at once while that is worth it. */
export class AdaptiveConcurrency {
  readonly #now: () => number;
  readonly #window = new SlidingRate(WINDOW_MS);
  #lanes: number;
  #raise: ((by: number) => void) | undefined;
  /** When it began, or heard of bytes last. */
  #notedAt: number;
  #hasAnswer = false;
  #last = 0;
  /** The sum when the number was raised last. */
  #raisedSpeed = 0;

  /** @param lanes blobs at once in the beginning */
  constructor(lanes: number, now: () => number = () => performance.now()) {
    this.#lanes = lanes;
    this.#now = now;
    this.#notedAt = now();
  }

  /** Work has begun, and `raise` can be called while it goes on. */
  start(raise: (by: number) => void): void {
    this.#raise = raise;
  }

  /** A blob begins to come. */
  answer(): void {
    if (this.#hasAnswer) return;
    this.#hasAnswer = true;
    if (this.#now() - this.#notedAt > FAR_MS) this.#grow();
  }

  /** A busy host or another writer asks for time: nothing grows any more. */
  giveUp(): void {
    this.#lanes = MOST_LANES;
  }

  /** So many bytes have come. */
  note(bytes: number): void {
    const now = this.#now();
    const speed = this.#window.add(bytes, now - this.#notedAt);
    this.#notedAt = now;
    if (speed === undefined) return;
    const isSteady = speed <= this.#last * STEADY && this.#last <= speed * STEADY;
    this.#last = speed;
    if (!isSteady || speed > this.#lanes * FAST || speed <= this.#raisedSpeed * GROWTH) return;
    this.#raisedSpeed = speed;
    this.#grow();
  }

  #grow(): void {
    const more = Math.min(this.#lanes, MOST_LANES - this.#lanes);
    if (more <= 0) return;
    this.#lanes += more;
    this.#raise?.(more);
  }
}
