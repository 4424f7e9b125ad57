/**
 * Starts and kills processes that write to a store.
 *
 * @module
 */
// @ts-types="./text_line_stream.d.ts"
import { TextLineStream } from "@std/streams/text-line-stream";

/** A process and its output. */
export class Child implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;

  /**
   * Starts a process with the same runtime and these arguments: `tests/store/child.ts`, or, if the first argument ends
   * with `.ts`, that script of the directory, with the project's configuration.
   */
  constructor(...args: readonly string[]) {
    const [first = "", ...others] = args;
    const words = first.endsWith(".ts")
      ? [new URL(first, import.meta.url).href, ...others]
      : ["--no-config", new URL("./child.ts", import.meta.url).href, ...args];
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-check", "--allow-all", ...words],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    });
    this.#process = command.spawn();
    this.#lines = this.#process.stdout
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream())
      .getReader();
  }

  /** Returns the next line, or undefined when the process has exited. */
  async line(): Promise<string | undefined> {
    return (await this.#lines.read()).value;
  }

  /** Returns all lines until the process exits. */
  async rest(): Promise<readonly string[]> {
    const lines: string[] = [];
    for (let line = await this.line(); line !== undefined; line = await this.line()) lines.push(line);
    return lines;
  }

  /** Sends a line. */
  async send(): Promise<void> {
    const writer = this.#process.stdin.getWriter();
    await writer.write(new TextEncoder().encode("\n"));
    writer.releaseLock();
  }

  /** Kills it with SIGKILL. */
  kill(): void {
    this.#process.kill("SIGKILL");
  }

  /** Waits for the exit, and returns the signal that caused it, if any. */
  async ended(): Promise<Deno.Signal | null> {
    return (await this.#process.status).signal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.kill();
    } catch {
      // It has already exited.
    }
    await this.rest();
    await this.#process.stdin.close().catch(() => {});
    await this.#process.status;
  }
}
