/**
 * In-memory streams and runs of the program in this process, for the tests of this module.
 *
 * @module
 */
import { concatBytes } from "../base/bytes.ts";
import type { Interrupts } from "./context/interrupt.ts";
import type { Io } from "./terminal/io.ts";
import { run } from "./run.ts";

/** Streams that record what was written. */
export interface TestIo extends Io {
  out(): string;
  /** The bytes that were written as bytes. */
  outBytes(): Uint8Array<ArrayBuffer>;
  err(): string;
}

/** Options of {@linkcode testIo}. */
export interface TestIoOptions {
  /** The contents of standard input. @default nothing */
  readonly stdin?: string;
  readonly isTerminal?: boolean;
  /** Whether the reader of standard output has closed the pipe. */
  readonly isClosed?: boolean;
}

/** Creates in-memory streams. */
export function testIo({ stdin = "", isTerminal = false, isClosed = false }: TestIoOptions = {}): TestIo {
  let out = "";
  const outBytes: Uint8Array[] = [];
  let err = "";
  let left: Uint8Array = new TextEncoder().encode(stdin);
  return {
    out: () => out,
    outBytes: () => concatBytes(outBytes),
    err: () => err,
    stdout: {
      isTerminal,
      write(text) {
        if (isClosed) throw new Deno.errors.BrokenPipe("Broken pipe (os error 32)");
        out += text;
      },
      writeBytes(bytes) {
        if (isClosed) return Promise.reject(new Deno.errors.BrokenPipe("Broken pipe (os error 32)"));
        outBytes.push(bytes.slice());
        return Promise.resolve();
      },
    },
    stderr: { isTerminal, write: (text) => void (err += text) },
    stdin: {
      isTerminal,
      setRaw: () => {},
      read(buffer) {
        if (left.length === 0) return Promise.resolve(null);
        const part = left.subarray(0, buffer.length);
        buffer.set(part);
        left = left.subarray(part.length);
        return Promise.resolve(part.length);
      },
    },
    size: () => ({ columns: 80, rows: 24 }),
  };
}

/** A listener that receives no signal, or has already received one. */
export function testInterrupts(received?: "SIGINT" | "SIGTERM"): Interrupts {
  const controller = new AbortController();
  if (received !== undefined) controller.abort(new DOMException(`Interrupted by ${received}`, "AbortError"));
  return { signal: controller.signal, received: () => received, [Symbol.dispose]: () => {} };
}

/** Runs a command line in this process. */
export async function dray(
  args: readonly string[],
  options: TestIoOptions & {
    readonly env?: Readonly<Record<string, string>>;
    readonly received?: "SIGINT" | "SIGTERM";
  } = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const io = testIo(options);
  const code = await run(args, {
    io,
    variable: (name) => options.env?.[name],
    isRoot: false,
    interrupts: testInterrupts(options.received),
  });
  return { code, out: io.out(), err: io.err() };
}
