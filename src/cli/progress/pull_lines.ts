/**
 * The lines of a pull on a terminal: one per layer, and a total. Pure: the result depends only on the
 * arguments.
 *
 * @module
 */
import { padEnd, truncate } from "../output/text.ts";
import type { TerminalSize } from "../terminal/io.ts";
import { bar, clockText, leftText, percentText, rateText, shareOf, sizesText } from "./bar.ts";
import { cutLine, lineWidth, type Piece, piece, type Style, type StyledLine } from "./line.ts";
import { type BlobView, isComplete, type Phase, type PullView, type ViewState } from "./model.ts";

const STATES: Readonly<Record<ViewState, readonly [word: string, style: Style]>> = {
  waiting: ["waiting", "dim"],
  fetching: ["downloading", "accent"],
  retrying: ["retrying", "warn"],
  otherPull: ["other pull", "dim"],
  committing: ["saving", "accent"],
  committed: ["downloaded", "good"],
  present: ["exists", "good"],
  unpacking: ["unpacking", "accent"],
  unpacked: ["unpacked", "good"],
};
/** The state that is shown for an incomplete layer after the pull has ended. */
const ENDED: Readonly<Record<"failed" | "interrupted", readonly [word: string, style: Style]>> = {
  failed: ["stopped", "bad"],
  interrupted: ["kept", "warn"],
};

const DIGEST_COLUMNS = 12;
const STATE_COLUMNS = 11;
const BAR_MIN = 12;
/**
 * Keeps lines within 80 columns: terminals that become narrower wrap longer lines, some before they report
 * the new size.
 */
const BAR_MAX = 28;

/** The minimum width at which a line says why a layer is retried or waits. */
const NOTE_MIN_COLUMNS = 119;

/** The parts of a line that fit into the width. */
interface LineLayout {
  readonly clock: boolean;
  readonly bar: number;
  readonly numbers: "sizes" | "percent";
  readonly digest: number;
  readonly state: boolean;
}

/** The most parts that fit; the last layout needs 20 columns, and narrower terminals cut it. */
function layoutFor(columns: number): LineLayout {
  const rest = columns - (10 + 1 + 1 + 15 + 1 + DIGEST_COLUMNS + 1 + STATE_COLUMNS);
  const all = { clock: true, numbers: "sizes", digest: DIGEST_COLUMNS, state: true } as const;
  if (rest >= BAR_MIN) return { ...all, bar: Math.min(BAR_MAX, rest) };
  if (rest + 11 >= BAR_MIN) return { ...all, clock: false, bar: Math.min(BAR_MAX, rest + 11) };
  if (columns >= 40) return { ...all, clock: false, bar: 0 };
  if (columns >= 29) return { ...all, clock: false, bar: 0, numbers: "percent" };
  return {
    ...all,
    clock: false,
    bar: 0,
    numbers: "percent",
    digest: Math.max(4, Math.min(12, columns - 5)),
    state: false,
  };
}

/** The lines of a pull: at most the terminal's columns less one wide, and at most its rows less one. */
export function pullLines(
  view: PullView,
  { columns, rows }: TerminalSize,
  now: number,
): readonly StyledLine[] {
  // Some terminals wrap a line that fills the last column.
  const width = Math.max(1, columns - 1);
  const layout = layoutFor(width);
  const layers = view.blobs.filter(({ role }) => role === "layer");
  // The cursor needs a row below the lines.
  const space = Math.max(1, rows - 1);
  const head = [headLine(view, width)];
  const total = view.blobs.length === 0 ? [] : [totalLine(view, layers, layout, width, now)];
  const forLayers = space - head.length - total.length;
  const body = layers.length <= forLayers
    ? layers.map((layer) => layerLine(view, layer, layout, width, now))
    : someLayers(view, layers, Math.max(0, forLayers - 1), layout, width, now);
  return [...head, ...body, ...total].slice(-space).map((line) => cutLine(line, width));
}

const PHASES: Readonly<Record<Phase, readonly [word: string, style: Style]>> = {
  blocked: ["waiting for rm or gc to finish", "dim"],
  resolving: ["resolving", "dim"],
  planning: ["reading manifests", "dim"],
  fetching: ["", "plain"],
  done: ["", "plain"],
  failed: ["failed", "bad"],
  interrupted: ["interrupted", "warn"],
};

function headLine({ name, platform = "", phase, note }: PullView, width: number): StyledLine {
  if (phase === "resolving" && note !== undefined) {
    // Show the retry reason instead of the name; the reason contains the name.
    return [piece(truncate(`retrying: ${note}`, width), "warn")];
  }
  const [word, style] = PHASES[phase];
  const details = [piece(platform, "dim"), piece(word, style)].filter(({ text }) => text !== "");
  const line = joinPieces([piece(name), ...details]);
  return lineWidth(line) <= width ? line : [piece(name)];
}

/**
 * Selects active layers first, then waiting ones, then the last completed ones; shows them in the image's
 * order.
 */
function someLayers(
  view: PullView,
  layers: readonly BlobView[],
  count: number,
  layout: LineLayout,
  width: number,
  now: number,
): readonly StyledLine[] {
  const active = layers.filter(({ state }) =>
    state === "fetching" || state === "retrying" || state === "committing" || state === "unpacking"
  );
  const waiting = layers.filter(isWaiting);
  const complete = layers.filter(isComplete).sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0));
  const shown = new Set([...active, ...waiting, ...complete].slice(0, count));
  const hidden = layers.filter((layer) => !shown.has(layer));
  const counts = [
    [hidden.filter((layer) => active.includes(layer)).length, "downloading"],
    [hidden.filter(isWaiting).length, "waiting"],
    [hidden.filter(isComplete).length, "done"],
  ] as const;
  const text = counts.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`).join(", ");
  return [
    ...layers.filter((layer) => shown.has(layer)).map((layer) => layerLine(view, layer, layout, width, now)),
    [piece(truncate(`… and ${text}`, width), "dim")],
  ];
}

function isWaiting({ state }: BlobView): boolean {
  return state === "waiting" || state === "otherPull";
}

function layerLine(
  view: PullView,
  blob: BlobView,
  layout: LineLayout,
  width: number,
  now: number,
): StyledLine {
  const { phase } = view;
  const ended = (phase === "failed" || phase === "interrupted") && !isComplete(blob);
  const [word, style] = ended && blob.offset > 0
    ? ENDED[phase]
    : ended
    ? ["not started", "dim"] as const
    : STATES[blob.state];
  const elapsed = blob.startedAt === undefined ? 0 : (blob.endedAt ?? now) - blob.startedAt;
  const digest = blob.digest.slice(blob.digest.indexOf(":") + 1);
  const id = piece(digest.slice(0, layout.digest));
  const numbers = piece((layout.numbers === "sizes" ? sizesText : percentText)(blob.offset, blob.size));
  const barStyle = isComplete(blob) ? "good" : "accent";
  const pieces = joinPieces([
    ...(layout.clock ? [piece(clockText(elapsed), "dim")] : []),
    ...(layout.bar > 0
      ? [bar(shareOf(blob.offset, blob.size), layout.bar, barStyle), numbers, id]
      : [id, numbers]),
    ...(layout.state ? [piece(padEnd(word, STATE_COLUMNS), style)] : []),
  ]);
  const left = width < NOTE_MIN_COLUMNS ? 0 : width - lineWidth(pieces) - 1;
  return blob.note === undefined || left < 10
    ? pieces
    : [...pieces, piece(` ${truncate(blob.note, left)}`, "warn")];
}

function totalLine(
  view: PullView,
  layers: readonly BlobView[],
  layout: LineLayout,
  width: number,
  now: number,
): StyledLine {
  const { offset, size, rate, phase } = view;
  const complete = layers.filter(isComplete).length;
  const running = phase === "fetching";
  const left = leftText(size - offset, rate);
  const numbers = layout.bar > 0 || layout.numbers === "sizes"
    ? sizesText(offset, size)
    : percentText(offset, size);
  const extras = [
    `${complete}/${layers.length} layers`,
    ...(running && offset < size ? [rateText(rate), ...(left === undefined ? [] : [left])] : []),
  ];
  let line = joinPieces([
    ...(layout.clock ? [piece(clockText(now - view.startedAt))] : []),
    ...(layout.bar > 0
      ? [bar(shareOf(offset, size), layout.bar, phase === "done" ? "good" : "plain")]
      : [piece("total")]),
    piece(layout.bar > 0 ? numbers : numbers.trimStart()),
  ]);
  for (const extra of extras) {
    const longer = [...line, piece(`${line.length > 0 ? " " : ""}${extra}`)];
    if (lineWidth(longer) > width) break;
    line = longer;
  }
  return line;
}

function joinPieces(pieces: readonly Piece[]): Piece[] {
  return pieces.flatMap((part, i) => i === 0 ? [part] : [piece(" "), part]);
}
