/**
 * Back-off per host: when a host demands a pause from one transfer, all transfers to it pause. When it doesn't
 * respond to one of them, the others avoid it.
 *
 * @module
 */
import { MIRROR_SKIP_MS, RESUME_SPREAD_MAX_MS, RESUME_SPREAD_RATIO } from "../../base/tuning.ts";
import type { Clock } from "../../http/clock.ts";

/** The back-off of one host. */
export class HostBackoff {
  readonly #clock: Clock;
  #endsAt = 0;
  #spreadMs = 0;
  #skippedUntil = 0;

  /** Starts without back-off. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds until the back-off ends; 0 if there is none. */
  get remainingMs(): number {
    return Math.max(0, this.#endsAt - this.#clock.elapsed());
  }

  /** Backs off for at least `ms` milliseconds from now. Never shortens a back-off. */
  extend(ms: number): void {
    const endsAt = this.#clock.elapsed() + ms;
    if (endsAt <= this.#endsAt) return;
    this.#endsAt = endsAt;
    this.#spreadMs = Math.min(ms * RESUME_SPREAD_RATIO, RESUME_SPREAD_MAX_MS);
  }

  /** Whether the host has timed out lately: other hosts should be tried first. */
  get isSkipped(): boolean {
    return this.#clock.elapsed() < this.#skippedUntil;
  }

  /** The host has timed out. */
  skip(): void {
    this.#skippedUntil = this.#clock.elapsed() + MIRROR_SKIP_MS;
  }

  /**
   * Waits until the back-off has ended. Callers resume at random times, so that they don't all send their
   * requests in the same moment.
   *
   * @throws the signal's reason
   */
  async wait(signal: AbortSignal): Promise<void> {
    // Another transfer may extend the back-off meanwhile.
    for (let left = this.remainingMs; left > 0; left = this.remainingMs) {
      await this.#clock.sleep(left + this.#clock.random() * this.#spreadMs, signal);
    }
  }
}

/** The back-off of each host, by host and port. */
export class HostBackoffs {
  readonly #clock: Clock;
  readonly #hosts = new Map<string, HostBackoff>();

  /** Starts without back-off. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns the back-off of a host, the same object for the same name. */
  of(host: string): HostBackoff {
    let backoff = this.#hosts.get(host);
    if (backoff === undefined) this.#hosts.set(host, backoff = new HostBackoff(this.#clock));
    return backoff;
  }
}
