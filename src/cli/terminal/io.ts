/**
 * The standard streams.
 *
 * @module
 */
import type { ByteReader } from "../../base/bytes.ts";
import { AppError, messageOf } from "../../base/errors.ts";
import { osErrorCode } from "../../base/system/os_errors.ts";

/** Columns and rows of a terminal. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** A stream that takes text. */
export interface Output {
  readonly isTerminal: boolean;
  /** @throws Deno.errors.BrokenPipe once the reader has closed the pipe */
  write(text: string): void;
}

/** The three standard streams of a program. */
export interface Io {
  /** Only results. */
  readonly stdout: Output & {
    /** Writes all bytes. @throws as `write` */
    writeBytes(bytes: Uint8Array): Promise<void>;
  };
  /** Everything else. Writing never fails: a pull must continue even if standard error is closed. */
  readonly stderr: Output;
  readonly stdin: ByteReader & {
    readonly isTerminal: boolean;
    /** Switches the terminal to raw mode: it delivers each key immediately and echoes nothing. */
    setRaw(raw: boolean): void;
  };
  /** The terminal's size; 80 by 24 if there is no terminal. */
  size(): TerminalSize;
}

/** Delay before the next write to a full non-blocking pipe, in milliseconds. */
const RETRY_MS = 5;

/** The streams of this process. */
export function processIo(): Io {
  return {
    stdout: { isTerminal: Deno.stdout.isTerminal(), write: writeResult, writeBytes },
    stderr: {
      isTerminal: Deno.stderr.isTerminal(),
      write(text) {
        try {
          writeText(Deno.stderr, text);
        } catch {
          // Standard error is closed: there is no stream left to report this on.
        }
      },
    },
    stdin: {
      isTerminal: Deno.stdin.isTerminal(),
      read: (buffer) => Deno.stdin.read(buffer),
      setRaw: (raw) => Deno.stdin.setRaw(raw),
    },
    size() {
      try {
        const { columns, rows } = Deno.consoleSize();
        // A terminal whose size was never set reports 0.
        return { columns: columns || 80, rows: rows || 24 };
      } catch {
        return { columns: 80, rows: 24 };
      }
    },
  };
}

function writeResult(text: string): void {
  try {
    writeText(Deno.stdout, text);
  } catch (cause) {
    throw outputError(cause);
  }
}

/** Waits for a slow reader without blocking the event loop, on which signals arrive. */
async function writeBytes(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    try {
      at += await Deno.stdout.write(bytes.subarray(at));
    } catch (cause) {
      if (!(cause instanceof Deno.errors.WouldBlock)) throw outputError(cause);
      // Not `delay` of @std/async: every start would load the module for this one line.
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function outputError(cause: unknown): unknown {
  if (cause instanceof Deno.errors.BrokenPipe) return cause;
  const code = osErrorCode(cause) ?? "internal";
  return new AppError(code, `Cannot write to standard output: ${messageOf(cause)}`, { cause });
}

/** Retries while the pipe is full: the parent process may have made it non-blocking. */
function writeText(file: { writeSync(bytes: Uint8Array): number }, text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(file.writeSync(bytes));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}
