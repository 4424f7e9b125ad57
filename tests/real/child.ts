/**
 * Programs that tests start: short ones, and servers that run until they are disposed.
 *
 * @module
 */

/** The exit code and output of a program. */
export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to start a program. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Doesn't inherit the environment of this process. @default {false} */
  readonly clearEnv?: boolean;
  readonly stdin?: string;
}

/** Runs a program and waits for its exit. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Finished> {
  const child = new Deno.Command(command, {
    args: [...args],
    ...(options.cwd && { cwd: options.cwd }),
    ...(options.env && { env: { ...options.env } }),
    clearEnv: options.clearEnv ?? false,
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output = child.output();
  if (options.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    // A program that exits without reading its input breaks the pipe. Its exit code is the result.
    await writer.write(new TextEncoder().encode(options.stdin)).catch(() => {});
    await writer.close().catch(() => {});
  }
  const { code, stdout, stderr } = await output;
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
}

/** Runs a program and returns its standard output. @throws Error if it doesn't exit with 0 */
export async function runOk(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const { code, stdout, stderr } = await run(command, args, options);
  if (code !== 0) throw new Error(`"${command} ${args.join(" ")}" exited with ${code}:\n${stderr}${stdout}`);
  return stdout;
}

/** A server process, with the lines that it writes. */
export class Server implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #readers: Promise<void>[];
  readonly #lines: string[] = [];
  #wake = Promise.withResolvers<void>();
  #ended = false;

  /** Starts it. */
  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = new Deno.Command(command, {
      args: [...args],
      env: { ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#readers = [this.#read(this.#child.stdout), this.#read(this.#child.stderr)];
    Promise.all(this.#readers).then(() => {
      this.#ended = true;
      this.#wake.resolve();
    });
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** All lines that it wrote to standard output and standard error. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Waits for a matching line. @throws Error if the server exits without one */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (let i = 0;;) {
      for (; i < this.#lines.length; i++) {
        const match = pattern.exec(this.#lines[i] ?? "");
        if (match !== null) return match;
      }
      if (this.#ended) throw new Error(`The server exited without ${pattern}:\n${this.#lines.join("\n")}`);
      await this.#wake.promise;
    }
  }

  /** Sends SIGTERM, and waits for its exit. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch {
      // It has already exited.
    }
    await this.#child.status;
    await Promise.all(this.#readers);
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (
      const text of stream.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    ) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.#lines.push(...lines);
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    }
  }
}
