/**
 * Finding out whether a slow body would come faster over several connections.
 *
 * @module
 */
import { type AbortScope, abortScope } from "../base/abort.ts";
import type { Clock } from "./clock.ts";
import { type OpenRange, PART_BYTES } from "./range_team.ts";

/** A connection that keeps so much of its speed beside another one was not held back by the line. */
const KEPT = 0.8;

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
export class TailProbe implements Disposable {
  /** The first byte of the last part. */
  readonly first: number;
  /** Bytes per second that the first connection gave alone. */
  readonly speed: number;
  readonly #clock: Clock;
  readonly #scope: AbortScope;
  readonly #buffer = new Uint8Array(PART_BYTES);
  #filled = 0;
  /** Bytes of the first connection since this one had half of its own, and since when that is. */
  #otherBytes = 0;
  #halfAt: number | undefined;
  #wantsHelp = false;

  /** Begins to fetch. */
  constructor({ size, speed }: ProbeTask, open: OpenRange, clock: Clock, signal: AbortSignal) {
    this.first = size - PART_BYTES;
    this.speed = speed;
    this.#clock = clock;
    this.#scope = abortScope(signal);
    // A host that refuses says enough: the first connection brings it all.
    this.#fetch(open, size, this.#scope.signal).catch(() => {});
  }

  /** Whether the last part is here, to {@linkcode TailProbe.read}. */
  get isWhole(): boolean {
    return this.#filled === PART_BYTES;
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
    using connection = await open(this.first, size, signal);
    while (this.#filled < PART_BYTES) {
      const n = await connection.read(this.#buffer.subarray(this.#filled));
      if (n === null) return;
      this.#filled += n;
      // New connections take a few round trips to their speed: only their second half says something.
      if (this.#halfAt === undefined && this.#filled >= PART_BYTES / 2) {
        this.#halfAt = this.#clock.elapsed();
        this.#otherBytes = 0;
      }
    }
    const seconds = (this.#clock.elapsed() - (this.#halfAt ?? 0)) / 1000;
    this.#wantsHelp = this.#otherBytes >= this.speed * seconds * KEPT;
  }
}
