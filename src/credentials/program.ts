/**
 * Running a program with text in and text out. The only file that starts processes.
 *
 * @module
 */
import { concatBytes, KIB } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";

/** Credentials are short; a program that writes more is broken. */
const OUTPUT_MAX_BYTES = 256 * KIB;

/** What a program left behind. */
export interface ProgramOutput {
  /** Whether it ended with exit status 0. */
  readonly success: boolean;
  /** What it printed. */
  readonly stdout: string;
  /** What it complained of. */
  readonly stderr: string;
}

/** Runs a program: {@linkcode runCommandLine}, or a test's own. */
export type ProgramRunner = (
  program: string,
  args: readonly string[],
  input: string,
  signal: AbortSignal,
  env?: ProgramEnvironment,
) => Promise<ProgramOutput>;

/** Variables for a program, beside our own. */
export type ProgramEnvironment = Readonly<Record<string, string>>;

/**
 * Runs a program to its end, with our environment. When the signal aborts the program is killed, and what it started
 * in turn is not waited for, even if it keeps the pipes open.
 *
 * @param program a name to look for in the PATH, or a path
 * @param input all of its standard input
 * @param env variables beside our own
 * @throws the runtime's own errors if it can't be started, AppError `limit_exceeded`, or the signal's reason
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  input: string,
  signal: AbortSignal,
  env: ProgramEnvironment = {},
): Promise<ProgramOutput> {
  signal.throwIfAborted();
  const command = new Deno.Command(program, {
    args: [...args],
    env: { ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  });
  const child = command.spawn();
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
  };
  signal.addEventListener("abort", kill, { once: true });
  try {
    const [stdout, stderr] = await Promise.all([
      readText(child.stdout, kill, signal),
      readText(child.stderr, kill, signal),
      feed(child.stdin, input),
    ]);
    if (stdout === undefined || stderr === undefined) {
      throw new AppError(
        "limit_exceeded",
        `Cannot run "${program}": it writes over ${OUTPUT_MAX_BYTES} bytes`,
      );
    }
    const { success } = await child.status;
    signal.throwIfAborted();
    return { success, stdout, stderr };
  } finally {
    signal.removeEventListener("abort", kill);
    await child.status;
  }
}

/** Reads to the end, or to the abort; undefined if there is too much. */
async function readText(
  stream: ReadableStream<Uint8Array>,
  kill: () => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const reader = stream.getReader();
  const stop = () => void reader.cancel().catch(() => {});
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const { value } = await reader.read();
      if (value === undefined) return new TextDecoder().decode(concatBytes(chunks));
      length += value.length;
      if (length > OUTPUT_MAX_BYTES) {
        kill();
        await reader.cancel();
        return undefined;
      }
      chunks.push(value);
    }
  } finally {
    signal.removeEventListener("abort", stop);
    reader.releaseLock();
  }
}

async function feed(stdin: WritableStream<Uint8Array>, input: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch {
    // A program may end without reading its input; its exit status tells whether that was right.
    await writer.abort().catch(() => {});
  }
}
