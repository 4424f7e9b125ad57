/**
 * A pull for programs: one JSON object per line, in the shapes of the library.
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
import type { Ticker } from "../context/context.ts";
import { encodeJson } from "../output/text.ts";
import { PullModel, retainedBytesOf } from "./model.ts";
import type { PullProgress } from "./progress.ts";

/** Writes a pull as JSON lines. */
export function jsonProgress(
  reference: string,
  { write, clock, date }: {
    readonly write: (text: string) => void;
    readonly clock: Ticker;
    /** The current time. */
    readonly date: () => Date;
  },
): PullProgress {
  const model = new PullModel(reference, clock.now());
  const pending = new Map<Digest, ProgressEvent>();
  let name = reference;
  function writeEvent(event: ProgressEvent) {
    const line: ProgressLine = { v: 1, time: date().toISOString(), name, ...event };
    write(`${encodeJson(line)}\n`);
  }
  function flushPending() {
    for (const event of pending.values()) writeEvent(event);
    pending.clear();
  }
  const stop = clock.every(BYTES_INTERVAL_MS, flushPending);
  return {
    onEvent(event) {
      model.apply(event, clock.now());
      if (event.kind === "resolving") name = event.name;
      const line = progressEvent(event);
      if (event.kind === "bytes") {
        pending.set(event.digest, line);
        return;
      }
      // This event has its own offset, or discards the bytes.
      if ("digest" in event && event.digest !== undefined) pending.delete(event.digest);
      writeEvent(line);
    },
    end(outcome) {
      stop();
      flushPending();
      model.end(outcome);
      writeEvent({ event: "end", outcome, kept: retainedBytesOf(model.view(clock.now())) });
    },
    retainedBytes: () => retainedBytesOf(model.view(clock.now())),
  };
}
