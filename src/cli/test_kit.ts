/**
 * Streams in memory, and runs of the program in this process, for the tests of this room.
 *
 * @module
 */
import { concatBytes } from "../base/bytes.ts";
import type { Interrupts } from "./interrupt.ts";
import type { Io } from "./io.ts";
import { run } from "./run.ts";

/** Streams that remember what was written. */
export interface TestIo extends Io {
  out(): string;
  /** What was written as bytes. */
  outBytes(): Uint8Array<ArrayBuffer>;
  err(): string;
}

/** How streams are to be. */
export interface TestIoOptions {
  /** What standard input has. @default nothing */
  readonly stdin?: string;
  readonly isTerminal?: boolean;
  /** Who read standard output has gone. */
  readonly isClosed?: boolean;
}

/** Makes streams. */
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

/** Interrupts that never come, or one that has come already. */
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
