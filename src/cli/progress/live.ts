/**
 * Lines at the bottom of a terminal that are drawn again and again.
 *
 * The cursor stays below the lines, at the beginning of a row, and is never hidden: whatever ends the program, at
 * whatever moment, leaves the terminal as it should be.
 *
 * @module
 */
import type { Ticker } from "./clock.ts";
import { lineWidth, paint, type StyledLine } from "./line.ts";
import type { TerminalSize } from "./pull_lines.ts";

/** How often the lines are looked at: about as often as the eye sees a change. */
const DRAW_MS = 100;

/**
 * Each row is wiped whole before it is written: a terminal that becomes narrower wraps columns that were wiped behind
 * the text like text, and then the rows can't be counted.
 */
const WIPE_ROW = "\x1b[2K";
const WIPE_BELOW = "\x1b[J";

/** A terminal to draw on. */
export interface LiveTerminal {
  write(text: string): void;
  /** Asked before each draw, so that a change of size needs no signal. */
  size(): TerminalSize;
}

/** Gives the lines for a size and a moment. */
export type LineSource = (size: TerminalSize, now: number) => readonly StyledLine[];

/** What the lines are drawn with. */
export interface LiveOptions {
  readonly terminal: LiveTerminal;
  readonly clock: Ticker;
  readonly colours: boolean;
}

/** Lines that keep themselves up to date. Dispose them: the last state stays on the screen. */
export class LiveLines implements Disposable {
  readonly #options: LiveOptions;
  readonly #lines: LineSource;
  readonly #stop: () => void;
  #drawn: readonly StyledLine[] = [];
  #drawnKey = "";
  #drawnColumns = 0;

  /** Begins to draw. */
  constructor(lines: LineSource, options: LiveOptions) {
    this.#lines = lines;
    this.#options = options;
    this.#stop = options.clock.every(DRAW_MS, () => this.draw());
    this.draw();
  }

  /** Draws now, if there is anything new. */
  draw(): void {
    const { terminal, clock, colours } = this.#options;
    const size = terminal.size();
    const lines = this.#lines(size, clock.now());
    const key = lines.map((line) => paint(line, colours)).join("\n");
    const resized = size.columns !== this.#drawnColumns;
    if (key === this.#drawnKey && !resized) return;
    const text = lines.map((line) => `${WIPE_ROW}${paint(line, colours)}\n`).join("");
    terminal.write(
      this.#home(size.columns) + text + (resized || lines.length < this.#drawn.length ? WIPE_BELOW : ""),
    );
    this.#drawn = lines;
    this.#drawnKey = key;
    this.#drawnColumns = size.columns;
  }

  /** Writes a line above the lines. */
  print(line: string): void {
    const { terminal } = this.#options;
    terminal.write(`${this.#home(terminal.size().columns)}${WIPE_ROW}${line}${WIPE_BELOW}\n`);
    this.#drawn = [];
    this.#drawnKey = "";
    this.draw();
  }

  /** Draws a last time and stops. */
  [Symbol.dispose](): void {
    this.#stop();
    this.draw();
  }

  /** To the first of the lines. A terminal that became narrower has wrapped them, and they take more rows now. */
  #home(columns: number): string {
    const rows = this.#drawn.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(lineWidth(line) / Math.max(1, columns))),
      0,
    );
    return rows === 0 ? "\r" : `\r\x1b[${rows}A`;
  }
}
