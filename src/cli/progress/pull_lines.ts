/**
 * The lines of a pull on a terminal: one for each layer, and a total. Pure: a view, a size and a moment give lines.
 *
 * @module
 */
import { padEnd, truncate } from "../output/text.ts";
import { bar, clockText, leftText, percentText, rateText, shareOf, sizesText } from "./bar.ts";
import { cutLine, lineWidth, type Piece, piece, type Style, type StyledLine } from "./line.ts";
import { type BlobView, isWhole, type Phase, type PullView, type ViewState } from "./model.ts";

/** A terminal's size. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

const STATES: Readonly<Record<ViewState, readonly [word: string, style: Style]>> = {
  waiting: ["waiting", "dim"],
  fetching: ["downloading", "accent"],
  retrying: ["retrying", "warn"],
  elsewhere: ["elsewhere", "dim"],
  committing: ["saving", "accent"],
  committed: ["downloaded", "good"],
  present: ["exists", "good"],
  unpacking: ["unpacking", "accent"],
  unpacked: ["unpacked", "good"],
};
/** How a layer that isn't whole is called when the pull has ended. */
const ENDED: Readonly<Record<"failed" | "interrupted", readonly [word: string, style: Style]>> = {
  failed: ["stopped", "bad"],
  interrupted: ["kept", "warn"],
};

const DIGEST_COLUMNS = 12;
const STATE_COLUMNS = 11;
const BAR_MIN = 12;
/** Lines of 80 columns at most: terminals that become narrower wrap longer ones, and some do it before they tell. */
const BAR_MAX = 28;

/** Only terminals so wide say why a layer is retried, or waits. */
const NOTE_MIN_COLUMNS = 119;

/** What a line shows, by the room that there is. */
interface Shape {
  readonly clock: boolean;
  readonly bar: number;
  readonly figures: "sizes" | "percent";
  readonly digest: number;
  readonly state: boolean;
}

/** The most that fits; the last shape fits 20 columns, and narrower terminals cut it. */
function shapeFor(columns: number): Shape {
  const rest = columns - (10 + 1 + 1 + 15 + 1 + DIGEST_COLUMNS + 1 + STATE_COLUMNS);
  const all = { clock: true, figures: "sizes", digest: DIGEST_COLUMNS, state: true } as const;
  if (rest >= BAR_MIN) return { ...all, bar: Math.min(BAR_MAX, rest) };
  if (rest + 11 >= BAR_MIN) return { ...all, clock: false, bar: Math.min(BAR_MAX, rest + 11) };
  if (columns >= 40) return { ...all, clock: false, bar: 0 };
  if (columns >= 29) return { ...all, clock: false, bar: 0, figures: "percent" };
  return {
    ...all,
    clock: false,
    bar: 0,
    figures: "percent",
    digest: Math.max(4, Math.min(12, columns - 5)),
    state: false,
  };
}

/** The lines of a pull: never wider than the terminal less one column, never more than its rows less one. */
export function pullLines(
  view: PullView,
  { columns, rows }: TerminalSize,
  now: number,
): readonly StyledLine[] {
  // A line that fills the last column makes some terminals wrap it.
  const room = Math.max(1, columns - 1);
  const shape = shapeFor(room);
  const layers = view.blobs.filter(({ role }) => role === "layer");
  // Below the lines the cursor needs a row.
  const space = Math.max(1, rows - 1);
  const head = [headLine(view, room)];
  const total = view.blobs.length === 0 ? [] : [totalLine(view, layers, shape, room, now)];
  const forLayers = space - head.length - total.length;
  const body = layers.length <= forLayers
    ? layers.map((layer) => layerLine(view, layer, shape, room, now))
    : someLayers(view, layers, Math.max(0, forLayers - 1), shape, room, now);
  return [...head, ...body, ...total].slice(-space).map((line) => cutLine(line, room));
}

const PHASES: Readonly<Record<Phase, readonly [word: string, style: Style]>> = {
  held: ["waiting for rm or gc to end", "dim"],
  resolving: ["resolving", "dim"],
  planning: ["reading manifests", "dim"],
  fetching: ["", "plain"],
  done: ["", "plain"],
  failed: ["failed", "bad"],
  interrupted: ["interrupted", "warn"],
};

function headLine({ name, platform = "", phase, note }: PullView, room: number): StyledLine {
  if (phase === "resolving" && note !== undefined) {
    // Why nothing comes matters more than the name, which the reason has in it.
    return [piece(truncate(`retrying: ${note}`, room), "warn")];
  }
  const [word, style] = PHASES[phase];
  const facts = [piece(platform, "dim"), piece(word, style)].filter(({ text }) => text !== "");
  const line = joinPieces([piece(name), ...facts]);
  return lineWidth(line) <= room ? line : [piece(name)];
}

/** The layers that something happens to, then the next in turn, then the last that were done: in the image's order. */
function someLayers(
  view: PullView,
  layers: readonly BlobView[],
  count: number,
  shape: Shape,
  room: number,
  now: number,
): readonly StyledLine[] {
  const active = layers.filter(({ state }) =>
    state === "fetching" || state === "retrying" || state === "committing" || state === "unpacking"
  );
  const waiting = layers.filter(isWaiting);
  const whole = layers.filter(isWhole).sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0));
  const shown = new Set([...active, ...waiting, ...whole].slice(0, count));
  const hidden = layers.filter((layer) => !shown.has(layer));
  const counts = [
    [hidden.filter((layer) => active.includes(layer)).length, "downloading"],
    [hidden.filter(isWaiting).length, "waiting"],
    [hidden.filter(isWhole).length, "done"],
  ] as const;
  const text = counts.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`).join(", ");
  return [
    ...layers.filter((layer) => shown.has(layer)).map((layer) => layerLine(view, layer, shape, room, now)),
    [piece(truncate(`… and ${text}`, room), "dim")],
  ];
}

function isWaiting({ state }: BlobView): boolean {
  return state === "waiting" || state === "elsewhere";
}

function layerLine(view: PullView, blob: BlobView, shape: Shape, room: number, now: number): StyledLine {
  const { phase } = view;
  const ended = (phase === "failed" || phase === "interrupted") && !isWhole(blob);
  const [word, style] = ended && blob.offset > 0
    ? ENDED[phase]
    : ended
    ? ["not begun", "dim"] as const
    : STATES[blob.state];
  const elapsed = blob.startedAt === undefined ? 0 : (blob.endedAt ?? now) - blob.startedAt;
  const digest = blob.digest.slice(blob.digest.indexOf(":") + 1);
  const id = piece(digest.slice(0, shape.digest));
  const figure = piece((shape.figures === "sizes" ? sizesText : percentText)(blob.offset, blob.size));
  const barStyle = isWhole(blob) ? "good" : "accent";
  const pieces = joinPieces([
    ...(shape.clock ? [piece(clockText(elapsed), "dim")] : []),
    ...(shape.bar > 0
      ? [bar(shareOf(blob.offset, blob.size), shape.bar, barStyle), figure, id]
      : [id, figure]),
    ...(shape.state ? [piece(padEnd(word, STATE_COLUMNS), style)] : []),
  ]);
  const left = room < NOTE_MIN_COLUMNS ? 0 : room - lineWidth(pieces) - 1;
  return blob.note === undefined || left < 10
    ? pieces
    : [...pieces, piece(` ${truncate(blob.note, left)}`, "warn")];
}

function totalLine(
  view: PullView,
  layers: readonly BlobView[],
  shape: Shape,
  room: number,
  now: number,
): StyledLine {
  const { offset, size, rate, phase } = view;
  const whole = layers.filter(isWhole).length;
  const running = phase === "fetching";
  const left = leftText(size - offset, rate);
  const figures = shape.bar > 0 || shape.figures === "sizes"
    ? sizesText(offset, size)
    : percentText(offset, size);
  const extras = [
    `${whole}/${layers.length} layers`,
    ...(running && offset < size ? [rateText(rate), ...(left === undefined ? [] : [left])] : []),
  ];
  let line = joinPieces([
    ...(shape.clock ? [piece(clockText(now - view.startedAt))] : []),
    ...(shape.bar > 0
      ? [bar(shareOf(offset, size), shape.bar, phase === "done" ? "good" : "plain")]
      : [piece("total")]),
    piece(shape.bar > 0 ? figures : figures.trimStart()),
  ]);
  for (const extra of extras) {
    const longer = [...line, piece(`${line.length > 0 ? " " : ""}${extra}`)];
    if (lineWidth(longer) > room) break;
    line = longer;
  }
  return line;
}

function joinPieces(pieces: readonly Piece[]): Piece[] {
  return pieces.flatMap((part, i) => i === 0 ? [part] : [piece(" "), part]);
}
