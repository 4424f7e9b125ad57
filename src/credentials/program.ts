/**
 * Running a program with text as input and output. The only file that starts processes.
 *
 * @module
 */
import { abortScope } from "../base/concurrency/abort.ts";
import { after } from "../base/concurrency/timer.ts";
import { concatBytes, KIB } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";

/** Credentials are short; a program that prints more is faulty. */
const OUTPUT_MAX_BYTES = 256 * KIB;

/** Milliseconds to read on after a program has ended: a program that it started may keep the pipes open. */
const PIPE_GRACE_MS = 1_000;

/** The result of a program. */
export interface ProgramOutput {
  /** Whether its exit status is 0. */
  readonly success: boolean;
  /** Its standard output. */
  readonly stdout: string;
  /** Its standard error. */
  readonly stderr: string;
}

/**
 * Runs a program with our environment and waits for its end. When the signal aborts, the program is killed.
 * Programs that it started aren't waited for, even if they keep the pipes open.
 *
 * @param program a name in PATH, or a path
 * @param input its standard input
 * @param env variables in addition to our own; its PATH is also used to find the program
 * @throws the runtime's own errors if the program can't be started, AppError `limit_exceeded`, or the
 * signal's reason
 */
export async function runProgram(
  program: string,
  args: readonly string[],
  input: string,
  signal: AbortSignal,
  env: Readonly<Record<string, string>> = {},
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
      // It has ended already.
    }
  };
  signal.addEventListener("abort", kill, { once: true });
  using ended = abortScope(signal);
  let cancelGrace = () => {};
  child.status.then(() => cancelGrace = after(PIPE_GRACE_MS, () => ended.abort(undefined)));
  try {
    const [stdout, stderr] = await Promise.all([
      readText(child.stdout, kill, ended.signal),
      readText(child.stderr, kill, ended.signal),
      writeInput(child.stdin, input),
    ]);
    if (stdout === undefined || stderr === undefined) {
      throw new AppError(
        "limit_exceeded",
        `Cannot run "${program}": it prints more than ${OUTPUT_MAX_BYTES} bytes`,
      );
    }
    const { success } = await child.status;
    signal.throwIfAborted();
    return { success, stdout, stderr };
  } finally {
    signal.removeEventListener("abort", kill);
    await child.status;
    cancelGrace();
  }
}

/** Reads to the end, or until the abort. Returns undefined if the output exceeds its limit. */
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

async function writeInput(stdin: WritableStream<Uint8Array>, input: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch {
    // A program may end without reading its input; only its exit status matters.
    await writer.abort().catch(() => {});
  }
}
