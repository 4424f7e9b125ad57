/**
 * Lines at the bottom of a terminal that are redrawn.
 *
 * The cursor stays below the lines, at the start of a row, and is never hidden: the terminal is in a good
 * state whenever the program ends, even if it is killed.
 *
 * @module
 */
import type { Ticker } from "../context/context.ts";
import { lineWidth, paint, type StyledLine } from "./line.ts";
import type { TerminalSize } from "../terminal/io.ts";

/** Interval of redraws: about the shortest change that people notice. */
const DRAW_MS = 100;

/**
 * Each row is cleared completely before it is written. Clearing only behind the text would leave cleared
 * columns, which a terminal that becomes narrower wraps like text, and the number of rows would be wrong.
 */
const CLEAR_ROW = "\x1b[2K";
const CLEAR_BELOW = "\x1b[J";

/** A terminal to draw on. */
export interface LiveTerminal {
  write(text: string): void;
  /** Read before each draw, so that a change of size needs no signal. */
  size(): TerminalSize;
}

/** Returns the lines for a terminal size and a time. */
export type LineSource = (size: TerminalSize, now: number) => readonly StyledLine[];

/** Options of {@linkcode LiveLines}. */
export interface LiveOptions {
  readonly terminal: LiveTerminal;
  readonly clock: Ticker;
  readonly colours: boolean;
}

/** Lines that are redrawn on a timer. Dispose them: the final state stays on the screen. */
export class LiveLines implements Disposable {
  readonly #options: LiveOptions;
  readonly #lines: LineSource;
  readonly #stop: () => void;
  #drawn: readonly StyledLine[] = [];
  #drawnKey = "";
  #drawnColumns = 0;

  /** Draws, and starts the timer. */
  constructor(lines: LineSource, options: LiveOptions) {
    this.#lines = lines;
    this.#options = options;
    this.#stop = options.clock.every(DRAW_MS, () => this.draw());
    this.draw();
  }

  /** Draws immediately, if anything has changed. */
  draw(): void {
    const { terminal, clock, colours } = this.#options;
    const size = terminal.size();
    const lines = this.#lines(size, clock.now());
    const key = lines.map((line) => paint(line, colours)).join("\n");
    const resized = size.columns !== this.#drawnColumns;
    if (key === this.#drawnKey && !resized) return;
    const text = lines.map((line) => `${CLEAR_ROW}${paint(line, colours)}\n`).join("");
    terminal.write(
      this.#home(size.columns) + text + (resized || lines.length < this.#drawn.length ? CLEAR_BELOW : ""),
    );
    this.#drawn = lines;
    this.#drawnKey = key;
    this.#drawnColumns = size.columns;
  }

  /** Prints a line above the lines. */
  print(line: string): void {
    const { terminal } = this.#options;
    terminal.write(`${this.#home(terminal.size().columns)}${CLEAR_ROW}${line}${CLEAR_BELOW}\n`);
    this.#drawn = [];
    this.#drawnKey = "";
    this.draw();
  }

  /** Draws the final state and stops the timer. */
  [Symbol.dispose](): void {
    this.#stop();
    this.draw();
  }

  /**
   * Moves the cursor to the first line. A terminal that became narrower has wrapped the lines onto more rows.
   */
  #home(columns: number): string {
    const rows = this.#drawn.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(lineWidth(line) / Math.max(1, columns))),
      0,
    );
    return rows === 0 ? "\r" : `\r\x1b[${rows}A`;
  }
}
