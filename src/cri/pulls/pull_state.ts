/**
 * The state of one pull, as the minimal list of events that describe it.
 *
 * @module
 */
import type { ProgressEvent } from "../../image/pull/progress_line.ts";

/** Events that describe a pull as a whole, in their usual order. */
const PHASES = ["waiting", "resolving", "resolved", "selected", "planned", "recorded"] as const;
type Phase = typeof PHASES[number];

/** States of a blob that isn't completely stored. */
const UNFINISHED: ReadonlySet<string> = new Set(["waiting", "fetching", "committing"]);

/** Returns the phase of the pull that an event describes; undefined for an event of a blob. */
function phaseOf(event: ProgressEvent): Phase | undefined {
  if (event.event === "waiting" && event.for === "writer") return undefined;
  return PHASES.find((phase) => phase === event.event);
}

/** Collects events. A newer event of a blob replaces the older one. */
export class PullState {
  readonly #phases = new Map<Phase, ProgressEvent>();
  /** The last state of each blob. */
  readonly #blobs = new Map<string, ProgressEvent>();
  readonly #offsets = new Map<string, ProgressEvent & { readonly event: "bytes" }>();

  /** Applies the next event. */
  apply(event: ProgressEvent): void {
    const phase = phaseOf(event);
    if (phase === "resolving") this.#phases.delete("waiting");
    if (phase !== undefined) this.#phases.set(phase, event);
    else if (event.event === "bytes") this.#offsets.set(event.digest, event);
    else if ("digest" in event && event.digest !== undefined) {
      this.#blobs.set(event.digest, event);
      this.#offsets.delete(event.digest);
    }
  }

  /** Returns the events that describe the current state. */
  events(): readonly ProgressEvent[] {
    return [...this.#phases.values(), ...this.#blobs.values(), ...this.#offsets.values()];
  }

  /** Returns the number of bytes of incomplete blobs that a later pull can resume from. */
  retainedBytes(): number {
    let retained = 0;
    for (const [digest, event] of this.#blobs) {
      if (event.event === "blob" && !UNFINISHED.has(event.state)) continue;
      const offset = "offset" in event ? event.offset : 0;
      retained += this.#offsets.get(digest)?.offset ?? offset;
    }
    return retained;
  }
}
