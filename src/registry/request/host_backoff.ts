/**
 * Back-off that all transfers to one host share: when it asks one of them to wait, it means all of them.
 *
 * @module
 */
import type { Clock } from "../../http/clock.ts";

/** Transfers that were held together come back spread over at most this part of the wait. */
const SPREAD = 0.1;
/** The widest spread, in milliseconds. */
const SPREAD_MOST = 2_000;

/** The door to one host. */
export class HostBackoff {
  readonly #clock: Clock;
  #opensAt = 0;
  #spread = 0;

  /** An open gate. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds until the gate opens; 0 if it is open. */
  get remaining(): number {
    return Math.max(0, this.#opensAt - this.#clock.elapsed());
  }

  /** Closes the gate for `ms` milliseconds. One that stays closed for longer stays so. */
  hold(ms: number): void {
    const opensAt = this.#clock.elapsed() + ms;
    if (opensAt <= this.#opensAt) return;
    this.#opensAt = opensAt;
    this.#spread = Math.min(ms * SPREAD, SPREAD_MOST);
  }

  /**
   * Waits until the gate is open.
   *
   * @throws the signal's reason
   */
  async pass(signal: AbortSignal): Promise<void> {
    // It may have been closed again, by another transfer, while this one slept.
    for (let left = this.remaining; left > 0; left = this.remaining) {
      await this.#clock.sleep(left + this.#clock.random() * this.#spread, signal);
    }
  }
}

/** The gates of all hosts, by host and port. */
export class HostBackoffs {
  readonly #clock: Clock;
  readonly #gates = new Map<string, HostBackoff>();

  /** Gates that are all open. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The gate of a host: the same one for the same name. */
  of(host: string): HostBackoff {
    let gate = this.#gates.get(host);
    if (gate === undefined) this.#gates.set(host, gate = new HostBackoff(this.#clock));
    return gate;
  }
}
