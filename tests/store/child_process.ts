/**
 * Starting and killing processes that work on a store.
 *
 * @module
 */

/** A process and what it says. */
export class Child implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;

  /** Starts `tests/store/child.ts` with the same runtime and these arguments. */
  constructor(...args: readonly string[]) {
    const script = new URL("./child.ts", import.meta.url).href;
    const command = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-config", "--no-check", "--allow-all", script, ...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    });
    this.#process = command.spawn();
    this.#lines = linesOf(this.#process.stdout);
  }

  /** The next line, or undefined when the process has ended. */
  async line(): Promise<string | undefined> {
    const { done, value } = await this.#lines.next();
    return done ? undefined : value;
  }

  /** All lines until the process ends. */
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

  /** Kills it as a power cut would, as far as a process goes. */
  kill(): void {
    this.#process.kill("SIGKILL");
  }

  /** Waits for the end; the signal that ended it, if one did. */
  async ended(): Promise<Deno.Signal | null> {
    return (await this.#process.status).signal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.kill();
    } catch {
      // It has ended already.
    }
    await this.rest();
    await this.#process.stdin.close().catch(() => {});
    await this.#process.status;
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    yield* lines;
  }
}
