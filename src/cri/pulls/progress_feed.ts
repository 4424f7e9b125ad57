/**
 * Every running pull as progress lines, for any number of listeners.
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

/** A progress line, with the pull that it belongs to: several pulls of one name can run at once. */
export type FeedLine = ProgressLine & { readonly pull: string };

/** Hears lines. It must return quickly and must not throw. */
export type FeedListener = (line: FeedLine) => void;

/** The feed's end of one pull. End it on every path. */
export interface FeedPull {
  readonly onEvent: PullListener;
  end(outcome: PullOutcome): void;
}

interface Running {
  readonly state: PullState;
  /** Bytes that were not told yet, by digest. */
  readonly pending: Map<string, ProgressEvent>;
  name: string;
}

/** Tells what all pulls do. Whoever comes late hears first how each of them stands. */
export class ProgressFeed {
  readonly #pulls = new Map<string, Running>();
  readonly #listeners = new Set<FeedListener>();
  #last = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Pulls under way. */
  get running(): number {
    return this.#pulls.size;
  }

  /** Begins a pull. */
  begin(name: string): FeedPull {
    const id = String(++this.#last);
    const pull: Running = { state: new PullState(), pending: new Map(), name };
    this.#pulls.set(id, pull);
    this.#timer ??= setInterval(() => this.#sayPending(), BYTES_INTERVAL_MS);
    return {
      onEvent: (event) => this.#take(id, pull, event),
      end: (outcome) => this.#end(id, pull, outcome),
    };
  }

  /**
   * Listens to all pulls, those that are running first.
   *
   * @returns stops listening
   */
  listen(listener: FeedListener): () => void {
    for (const [id, { state, name }] of this.#pulls) {
      for (const event of state.events()) listener(lineOf(id, name, event));
    }
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #take(id: string, pull: Running, event: PullEvent): void {
    if (event.kind === "resolving") pull.name = event.name;
    const line = progressEvent(event);
    pull.state.apply(line);
    if (this.#listeners.size === 0) return;
    if (line.event === "bytes") return void pull.pending.set(line.digest, line);
    // What comes next has an offset of its own, or throws the bytes away.
    if ("digest" in line && line.digest !== undefined) pull.pending.delete(line.digest);
    this.#say(id, pull, line);
  }

  #end(id: string, pull: Running, outcome: PullOutcome): void {
    if (!this.#pulls.delete(id)) return;
    for (const event of pull.pending.values()) this.#say(id, pull, event);
    this.#say(id, pull, { event: "end", outcome, kept: pull.state.keptBytes() });
    if (this.#pulls.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sayPending(): void {
    for (const [id, pull] of this.#pulls) {
      for (const event of pull.pending.values()) this.#say(id, pull, event);
      pull.pending.clear();
    }
  }

  #say(id: string, { name }: Running, event: ProgressEvent): void {
    if (this.#listeners.size === 0) return;
    const line = lineOf(id, name, event);
    for (const listener of this.#listeners) listener(line);
  }
}

function lineOf(pull: string, name: string, event: ProgressEvent): FeedLine {
  return { v: 1, time: new Date().toISOString(), name, pull, ...event };
}
