/**
 * Standard input, output and error.
 *
 * @module
 */
import { AppError, messageOf } from "../base/errors.ts";
import { osErrorCode } from "../base/os_errors.ts";
import type { ByteReader } from "../base/bytes.ts";
import type { TerminalSize } from "./progress/pull_lines.ts";

/** Where text goes. */
export interface Output {
  readonly isTerminal: boolean;
  /** @throws Deno.errors.BrokenPipe once who read it has gone */
  write(text: string): void;
}

/** The three streams of a program. */
export interface Io {
  /** Results alone. */
  readonly stdout: Output & {
    /** Takes all of the bytes. @throws as `write` */
    writeBytes(bytes: Uint8Array): Promise<void>;
  };
  /** Everything else. It never fails: a pull goes on when nobody hears of it. */
  readonly stderr: Output;
  readonly stdin: ByteReader & {
    readonly isTerminal: boolean;
    /** Makes the terminal hand over each key, and show none. */
    setRaw(raw: boolean): void;
  };
  /** The terminal's size; 80 by 24 if there is none. */
  size(): TerminalSize;
}

/** What a blocked pipe is waited for before the next try, in milliseconds. */
const RETRY_MS = 5;

/** The streams of this process. */
export function processIo(): Io {
  return {
    stdout: { isTerminal: Deno.stdout.isTerminal(), write: writeResult, writeBytes },
    stderr: {
      isTerminal: Deno.stderr.isTerminal(),
      write(text) {
        try {
          writeAll(Deno.stderr, text);
        } catch {
          // There is nobody left to tell.
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
        // A terminal that was never told its size says 0.
        return { columns: columns || 80, rows: rows || 24 };
      } catch {
        return { columns: 80, rows: 24 };
      }
    },
  };
}

function writeResult(text: string): void {
  try {
    writeAll(Deno.stdout, text);
  } catch (cause) {
    throw outputError(cause);
  }
}

/** Waits for a slow reader without holding up the program, which must hear an interrupt meanwhile. */
async function writeBytes(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    try {
      at += await Deno.stdout.write(bytes.subarray(at));
    } catch (cause) {
      if (!(cause instanceof Deno.errors.WouldBlock)) throw outputError(cause);
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

function outputError(cause: unknown): unknown {
  if (cause instanceof Deno.errors.BrokenPipe) return cause;
  const code = osErrorCode(cause) ?? "internal";
  return new AppError(code, `Cannot write to standard output: ${messageOf(cause)}`, { cause });
}

/** Who starts us may have left the pipe non-blocking; then a full one refuses instead of waiting. */
function writeAll(file: { writeSync(bytes: Uint8Array): number }, text: string): void {
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
