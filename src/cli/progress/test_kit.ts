/**
 * A clock and a terminal for the tests of this directory.
 *
 * @module
 */
import type { BlobRole, PullEvent } from "../../image/model/events.ts";
import { type Digest, parseDigest } from "../../oci/digest.ts";
import type { Ticker } from "../context/context.ts";
import type { LiveTerminal } from "./live.ts";
import type { TerminalSize } from "../terminal/io.ts";

/** A clock that advances only by {@linkcode advance}. */
export class TestClock implements Ticker {
  #now = 0;
  #timers: { readonly ms: number; readonly tick: () => void; next: number }[] = [];

  now(): number {
    return this.#now;
  }

  every(ms: number, tick: () => void): () => void {
    const timer = { ms, tick, next: this.#now + ms };
    this.#timers.push(timer);
    return () => this.#timers = this.#timers.filter((other) => other !== timer);
  }

  /** The number of active timers. */
  get timers(): number {
    return this.#timers.length;
  }

  /** Advances by a number of milliseconds, and calls the timers at their times. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [timer] = this.#timers.filter(({ next }) => next <= end).sort((a, b) => a.next - b.next);
      if (timer === undefined) break;
      this.#now = timer.next;
      timer.next += timer.ms;
      timer.tick();
    }
    this.#now = end;
  }
}

/**
 * A terminal that supports the sequences that are used: line feed, carriage return, cursor up, and the two
 * ways to clear. It wraps its contents when it becomes narrower.
 */
export class TestTerminal implements LiveTerminal {
  #rows: string[] = [""];
  #row = 0;
  #column = 0;
  /** Columns and rows. */
  columns: number;
  rows: number;
  /** All text that was written. */
  written = "";

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  size(): TerminalSize {
    return { columns: this.columns, rows: this.rows };
  }

  /** The rows on the screen, without empty rows at the end. */
  get screen(): string[] {
    const lines = this.#rows.map((row) => row.trimEnd());
    while (lines.at(-1) === "") lines.pop();
    return lines;
  }

  resize(columns: number): void {
    const wrapped = this.#rows.map((row) => wrapRow(row, columns));
    this.#row = wrapped.slice(0, this.#row).reduce((sum, rows) => sum + rows.length, 0);
    this.#rows = wrapped.flat();
    this.columns = columns;
  }

  write(text: string): void {
    this.written += text;
    // deno-lint-ignore no-control-regex -- it must match control characters
    for (const [part] of text.matchAll(/\x1b\[[0-9;]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+/g)) this.#put(part);
  }

  #put(part: string): void {
    if (part === "\n") {
      this.#row++;
      this.#column = 0;
      while (this.#rows.length <= this.#row) this.#rows.push("");
    } else if (part === "\r") this.#column = 0;
    else if (part === "\x1b[2K") this.#rows[this.#row] = "";
    else if (part === "\x1b[J") {
      this.#rows[this.#row] = (this.#rows[this.#row] ?? "").slice(0, this.#column);
      this.#rows.length = this.#row + 1;
    } else if (part.startsWith("\x1b[") && part.endsWith("A")) {
      this.#row = Math.max(0, this.#row - Number(part.slice(2, -1)));
    } else if (!part.startsWith("\x1b")) {
      const row = (this.#rows[this.#row] ?? "").padEnd(this.#column);
      this.#rows[this.#row] = row.slice(0, this.#column) + part + row.slice(this.#column + part.length);
      this.#column += part.length;
    }
  }
}

function wrapRow(row: string, columns: number): string[] {
  const rows: string[] = [];
  for (let at = 0; at === 0 || at < row.length; at += columns) rows.push(row.slice(at, at + columns));
  return rows;
}

/** A digest that consists of one digit. */
export function digest(digit: number): Digest {
  return parseDigest(`sha256:${digit.toString(16).repeat(64)}`);
}

/** The event of a plan: layers with the digits 1, 2, … and these sizes. */
export function planned(...sizes: readonly number[]): PullEvent {
  const role: BlobRole = "layer";
  const blobs = sizes.map((size, i) => ({ digest: digest(i + 1), size, mediaType: "application/x", role }));
  return { kind: "planned", name: "docker.io/library/a:1", blobs };
}
