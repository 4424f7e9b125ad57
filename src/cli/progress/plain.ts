/**
 * A pull in a log: a line for each change of state, and a sign of life where nothing changes for long.
 *
 * @module
 */
import type { PullEvent } from "../../image/model/events.ts";
import { formatClock, formatSize } from "../../base/units.ts";
import { formatPlatform } from "../../oci/platform.ts";
import { countText, shortId } from "../output/words.ts";
import { printable } from "../output/text.ts";
import { leftText, rateText } from "./bar.ts";
import type { Ticker } from "./clock.ts";
import { isWhole, keptBytesOf, PullModel, type PullView } from "./model.ts";
import type { PullProgress } from "./progress.ts";

/** CI systems end a job that is silent for minutes; people doubt after seconds. */
const HEARTBEAT_MS = 10_000;
const TICK_MS = 1000;
const HELD = "waiting for rm or gc to end, which sweeps the store";

/** Writes a line for each change of state. */
export function plainProgress(
  name: string,
  { write, clock }: { readonly write: (text: string) => void; readonly clock: Ticker },
): PullProgress {
  const begin = clock.now();
  const model = new PullModel(name, begin);
  let lastLine = begin;
  function say(text: string) {
    lastLine = clock.now();
    write(`[${formatClock(lastLine - begin)}] ${printable(text)}\n`);
  }
  const stop = clock.every(TICK_MS, () => {
    if (clock.now() - lastLine >= HEARTBEAT_MS) say(totalText(model.view(clock.now()), true));
  });
  return {
    onEvent(event) {
      const now = clock.now();
      model.apply(event, now);
      const text = eventText(event, model, now);
      if (text !== undefined) say(text);
    },
    end(outcome) {
      stop();
      // Before the end: the view tells what was going on.
      const view = model.view(clock.now());
      model.end(outcome);
      if (outcome !== "done") say(`${outcome}: ${totalText(view, false)}`);
    },
    keptBytes: () => keptBytesOf(model.view(clock.now())),
  };
}

/** How far it is; while it runs, also how fast it goes on. */
function totalText({ blobs, offset, size, rate, name, phase }: PullView, isRunning: boolean): string {
  if (phase === "held") return HELD;
  if (blobs.length === 0) return phase === "resolving" ? `resolving ${name}` : `reading manifests of ${name}`;
  const whole = blobs.filter(isWhole).length;
  const here = `${whole} of ${countText(blobs.length, "blob")}, ${formatSize(offset)} of ${formatSize(size)}`;
  if (!isRunning) return here;
  const left = leftText(size - offset, rate);
  return [here, rateText(rate), ...(left === undefined ? [] : [left])].join(", ");
}

/** The line for an event, or undefined where it would only fill the log. */
function eventText(event: PullEvent, model: PullModel, now: number): string | undefined {
  switch (event.kind) {
    case "waiting":
      return event.for === "collector" ? HELD : `${shortId(event.digest)} waiting: another pull writes it`;
    case "resolving":
      return `resolving ${event.name}`;
    case "resolved":
      return `${event.name} is ${event.digest} at ${event.host}`;
    case "selected":
      return event.platform && `platform ${formatPlatform(event.platform)}: manifest ${event.digest}`;
    case "planned": {
      const layers = event.blobs.filter(({ role }) => role === "layer");
      const size = event.blobs.reduce((sum, blob) => sum + blob.size, 0);
      return `${countText(layers.length, "layer")}, ${formatSize(size)} in all`;
    }
    case "blob":
      return blobText(event, model, now);
    case "retry": {
      const { digest, attempt, offset, delayMs, reason } = event;
      const wait = delayMs > 0 ? ` in ${(delayMs / 1000).toFixed(1)} s` : "";
      return digest === undefined
        ? `attempt ${attempt} failed, the next one follows${wait}: ${reason}`
        : `${shortId(digest)} attempt ${attempt}${wait}, from byte ${offset}: ${reason}`;
    }
    case "restart":
      return `${shortId(event.digest)} again from zero: ${event.reason}`;
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
  // Manifests and configs are a few kB: their lines would only hide the layers'.
  if (blob?.role !== "layer") return undefined;
  const id = shortId(digest);
  switch (state) {
    case "fetching":
      return `${id} downloading ${formatSize(size)}${offset > 0 ? `, going on from byte ${offset}` : ""}`;
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
