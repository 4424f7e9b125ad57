/**
 * How one pull stands, as the fewest events that tell it.
 *
 * @module
 */
import type { ProgressEvent } from "../../image/pull/progress_line.ts";

/** Events of a pull that are true of it as a whole, in the order in which they come. */
const STEPS = ["waiting", "resolving", "resolved", "selected", "planned", "recorded"] as const;
type Step = typeof STEPS[number];

/** A blob whose bytes are not all here, or not durable. */
const UNFINISHED: ReadonlySet<string> = new Set(["waiting", "fetching", "committing"]);

/** Which step of the whole pull an event is; undefined for one that tells of a blob. */
function stepOf(event: ProgressEvent): Step | undefined {
  if (event.event === "waiting" && event.for === "writer") return undefined;
  return STEPS.find((step) => step === event.event);
}

/** Gathers events; a blob's newer ones take the place of its older ones. */
export class PullState {
  readonly #steps = new Map<Step, ProgressEvent>();
  /** The last state of each blob, and its last bytes. */
  readonly #blobs = new Map<string, ProgressEvent>();
  readonly #offsets = new Map<string, ProgressEvent & { readonly event: "bytes" }>();

  /** Takes the next event in. */
  apply(event: ProgressEvent): void {
    const step = stepOf(event);
    if (step === "resolving") this.#steps.delete("waiting");
    if (step !== undefined) this.#steps.set(step, event);
    else if (event.event === "bytes") this.#offsets.set(event.digest, event);
    else if ("digest" in event && event.digest !== undefined) {
      this.#blobs.set(event.digest, event);
      this.#offsets.delete(event.digest);
    }
  }

  /** What somebody must hear to know all of it. */
  events(): readonly ProgressEvent[] {
    return [...this.#steps.values(), ...this.#blobs.values(), ...this.#offsets.values()];
  }

  /** Bytes that are here of blobs that are not whole. */
  keptBytes(): number {
    let kept = 0;
    for (const [digest, event] of this.#blobs) {
      if (event.event === "blob" && !UNFINISHED.has(event.state)) continue;
      const offset = "offset" in event ? event.offset : 0;
      kept += this.#offsets.get(digest)?.offset ?? offset;
    }
    return kept;
  }
}
