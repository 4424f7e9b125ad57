/**
 * A pull in a log: one line per state change, and a heartbeat while nothing changes.
 *
 * @module
 */
import type { PullEvent } from "../../image/model/events.ts";
import { formatClock, formatSize } from "../../base/units.ts";
import { formatPlatform } from "../../oci/platform.ts";
import { countText, shortId } from "../output/labels.ts";
import { printable } from "../output/text.ts";
import { leftText, rateText } from "./bar.ts";
import type { Ticker } from "../context/context.ts";
import { isComplete, PullModel, type PullView, retainedBytesOf } from "./model.ts";
import { HEARTBEAT_MS, type PullProgress } from "./progress.ts";

const TICK_MS = 1000;
const BLOCKED = "waiting for rm or gc to finish";

/** Writes one line per state change. */
export function plainProgress(
  name: string,
  { write, clock }: { readonly write: (text: string) => void; readonly clock: Ticker },
): PullProgress {
  const begin = clock.now();
  const model = new PullModel(name, begin);
  let lastLine = begin;
  function writeLine(text: string) {
    lastLine = clock.now();
    write(`[${formatClock(lastLine - begin)}] ${printable(text)}\n`);
  }
  const stop = clock.every(TICK_MS, () => {
    if (clock.now() - lastLine >= HEARTBEAT_MS) writeLine(totalText(model.view(clock.now()), true));
  });
  return {
    onEvent(event) {
      const now = clock.now();
      model.apply(event, now);
      const text = eventText(event, model, now);
      if (text !== undefined) writeLine(text);
    },
    end(outcome) {
      stop();
      // Taken before `end`, which replaces the phase.
      const view = model.view(clock.now());
      model.end(outcome);
      if (outcome !== "done") writeLine(`${outcome}: ${totalText(view, false)}`);
    },
    retainedBytes: () => retainedBytesOf(model.view(clock.now())),
  };
}

/** The progress in total; while running, also the throughput and the remaining time. */
function totalText({ blobs, offset, size, rate, name, phase }: PullView, isRunning: boolean): string {
  if (phase === "blocked") return BLOCKED;
  if (blobs.length === 0) return phase === "resolving" ? `resolving ${name}` : `reading manifests of ${name}`;
  const complete = blobs.filter(isComplete).length;
  const done = `${complete} of ${countText(blobs.length, "blob")}, ${formatSize(offset)} of ${
    formatSize(size)
  }`;
  if (!isRunning) return done;
  const left = leftText(size - offset, rate);
  return [done, rateText(rate), ...(left === undefined ? [] : [left])].join(", ");
}

/** The line for an event; undefined for events that would only clutter the log. */
function eventText(event: PullEvent, model: PullModel, now: number): string | undefined {
  switch (event.kind) {
    case "waiting":
      return event.for === "collector"
        ? BLOCKED
        : `${shortId(event.digest)} waiting: another pull is downloading it`;
    case "resolving":
      return `resolving ${event.name}`;
    case "resolved":
      return `${event.name} is ${event.digest} at ${event.host}`;
    case "selected":
      return event.platform && `platform ${formatPlatform(event.platform)}: manifest ${event.digest}`;
    case "planned": {
      const layers = event.blobs.filter(({ role }) => role === "layer");
      const size = event.blobs.reduce((sum, blob) => sum + blob.size, 0);
      return `${countText(layers.length, "layer")}, ${formatSize(size)} in total`;
    }
    case "blob":
      return blobText(event, model, now);
    case "retry": {
      const { digest, attempt, offset, delayMs, reason } = event;
      const wait = delayMs > 0 ? ` in ${(delayMs / 1000).toFixed(1)} s` : "";
      const text = `attempt ${attempt} failed, retrying${wait}`;
      return digest === undefined
        ? `${text}: ${reason}`
        : `${shortId(digest)} ${text}, resuming at byte ${offset}: ${reason}`;
    }
    case "restart":
      return `${shortId(event.digest)} restarting from byte 0: ${event.reason}`;
    case "warning":
      return `warning: ${event.message}`;
    case "bytes":
    case "recorded":
      return undefined;
  }
}

function blobText(
  { digest, state, offset, size }: Extract<PullEvent, { kind: "blob" }>,
  model: PullModel,
  now: number,
): string | undefined {
  const blob = model.view(now).blobs.find((other) => other.digest === digest);
  // Manifests and configs have a few kB: their lines would only obscure those of the layers.
  if (blob?.role !== "layer") return undefined;
  const id = shortId(digest);
  switch (state) {
    case "fetching":
      return `${id} downloading ${formatSize(size)}${offset > 0 ? `, resuming at byte ${offset}` : ""}`;
    case "committed": {
      const took = blob.startedAt === undefined ? "" : ` in ${((now - blob.startedAt) / 1000).toFixed(1)} s`;
      return `${id} downloaded ${formatSize(size)}${took}`;
    }
    case "present":
      return `${id} exists ${formatSize(size)}`;
    case "unpacked":
      return `${id} unpacked`;
    case "waiting":
    case "committing":
    case "unpacking":
      return undefined;
  }
}
