/**
 * Sends the progress of all running pulls to any number of listeners.
 *
 * @module
 */
import type { PullEvent, PullListener } from "../../image/model/events.ts";
import {
  BYTES_INTERVAL_MS,
  type ProgressEvent,
  progressEvent,
  type ProgressLine,
  type PullOutcome,
} from "../../image/pull/progress_line.ts";
import { PullState } from "./pull_state.ts";

/** A progress line with the id of its pull: several pulls of one name can run in parallel. */
export type FeedLine = ProgressLine & { readonly pull: string };

/** Receives lines. It must return quickly and must not throw. */
export type FeedListener = (line: FeedLine) => void;

/** Reports one pull to the feed. Call `end` on every path. */
export interface FeedPull {
  readonly onEvent: PullListener;
  end(outcome: PullOutcome): void;
}

interface RunningPull {
  readonly state: PullState;
  /** Byte counts that weren't sent yet, by digest. */
  readonly pending: Map<string, ProgressEvent>;
  name: string;
}

/** Distributes the events of all pulls. A new listener first receives the current state of each running pull. */
export class ProgressFeed {
  readonly #pulls = new Map<string, RunningPull>();
  readonly #listeners = new Set<FeedListener>();
  #lastId = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Number of running pulls. */
  get running(): number {
    return this.#pulls.size;
  }

  /** Adds a running pull. */
  begin(name: string): FeedPull {
    const id = String(++this.#lastId);
    const pull: RunningPull = { state: new PullState(), pending: new Map(), name };
    this.#pulls.set(id, pull);
    this.#timer ??= setInterval(() => this.#emitPending(), BYTES_INTERVAL_MS);
    return {
      onEvent: (event) => this.#handle(id, pull, event),
      end: (outcome) => this.#end(id, pull, outcome),
    };
  }

  /**
   * Adds a listener, and sends it the state of all running pulls.
   *
   * @returns a function that removes the listener
   */
  listen(listener: FeedListener): () => void {
    for (const [id, { state, name }] of this.#pulls) {
      for (const event of state.events()) listener(lineOf(id, name, event));
    }
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #handle(id: string, pull: RunningPull, event: PullEvent): void {
    if (event.kind === "resolving") pull.name = event.name;
    const line = progressEvent(event);
    pull.state.apply(line);
    if (this.#listeners.size === 0) return;
    if (line.event === "bytes") return void pull.pending.set(line.digest, line);
    // This event contains a newer offset, or the bytes were discarded.
    if ("digest" in line && line.digest !== undefined) pull.pending.delete(line.digest);
    this.#emit(id, pull, line);
  }

  #end(id: string, pull: RunningPull, outcome: PullOutcome): void {
    if (!this.#pulls.delete(id)) return;
    for (const event of pull.pending.values()) this.#emit(id, pull, event);
    this.#emit(id, pull, { event: "end", outcome, kept: pull.state.retainedBytes() });
    if (this.#pulls.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #emitPending(): void {
    for (const [id, pull] of this.#pulls) {
      for (const event of pull.pending.values()) this.#emit(id, pull, event);
      pull.pending.clear();
    }
  }

  #emit(id: string, { name }: RunningPull, event: ProgressEvent): void {
    if (this.#listeners.size === 0) return;
    const line = lineOf(id, name, event);
    for (const listener of this.#listeners) listener(line);
  }
}

function lineOf(pull: string, name: string, event: ProgressEvent): FeedLine {
  return { v: 1, time: new Date().toISOString(), name, pull, ...event };
}
