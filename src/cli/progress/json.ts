/**
 * A pull for programs: one JSON object a line, in the shapes that the library has for it.
 *
 * @module
 */
import {
  BYTES_INTERVAL_MS,
  type ProgressEvent,
  progressEvent,
  type ProgressLine,
} from "../../image/pull/progress_line.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Ticker } from "./clock.ts";
import { keptBytesOf, PullModel } from "./model.ts";
import type { PullProgress } from "./progress.ts";

/** Writes a pull as JSON lines. */
export function jsonProgress(
  reference: string,
  { write, clock, date }: {
    readonly write: (text: string) => void;
    readonly clock: Ticker;
    /** The time of day. */
    readonly date: () => Date;
  },
): PullProgress {
  const model = new PullModel(reference, clock.now());
  const pending = new Map<Digest, ProgressEvent>();
  let name = reference;
  function say(event: ProgressEvent) {
    const line: ProgressLine = { v: 1, time: date().toISOString(), name, ...event };
    write(`${JSON.stringify(line)}\n`);
  }
  function sayPending() {
    for (const event of pending.values()) say(event);
    pending.clear();
  }
  const stop = clock.every(BYTES_INTERVAL_MS, sayPending);
  return {
    onEvent(event) {
      model.apply(event, clock.now());
      if (event.kind === "resolving") name = event.name;
      const line = progressEvent(event);
      if (event.kind === "bytes") {
        pending.set(event.digest, line);
        return;
      }
      // What comes next has an offset of its own, or throws the bytes away.
      if ("digest" in event && event.digest !== undefined) pending.delete(event.digest);
      say(line);
    },
    end(outcome) {
      stop();
      sayPending();
      model.end(outcome);
      say({ event: "end", outcome, kept: keptBytesOf(model.view(clock.now())) });
    },
    keptBytes: () => keptBytesOf(model.view(clock.now())),
  };
}
