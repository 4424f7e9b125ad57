/**
 * The program under test, started as users start it. `DRAY_COMMAND` replaces it by a compiled binary, a
 * bundle or another runtime (words separated by spaces). The default is `deno run -A main.ts`.
 *
 * @module
 */
import { type Finished, run } from "../real/child.ts";

const main = new URL("../../main.ts", import.meta.url).pathname;

/** Returns the words of the command. */
export function commandWords(): readonly [command: string, ...args: string[]] {
  const [command, ...args] = (Deno.env.get("DRAY_COMMAND") ?? "").split(" ").filter((word) => word !== "");
  return command === undefined ? [Deno.execPath(), "run", "-A", main] : [command, ...args];
}

/** A new store and home directory, and the program that uses them. */
export interface Sandbox extends AsyncDisposable {
  /** A directory that is deleted on dispose. */
  readonly directory: string;
  readonly store: string;
  readonly home: string;
  /** The words and the environment of the program, for a shell that runs it in a pipe. */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Runs the program and waits for its exit. */
  dray(args: readonly string[], options?: DrayOptions): Promise<Finished>;
  /** Runs it and returns its standard output. @throws Error if it doesn't exit with 0 */
  ok(args: readonly string[], options?: DrayOptions): Promise<string>;
  /** Runs it and parses its standard output as JSON. */
  // deno-lint-ignore no-explicit-any -- each command prints a different shape
  json(args: readonly string[], options?: DrayOptions): Promise<any>;
  /** Starts it without waiting. */
  start(args: readonly string[], options?: DrayOptions): Running;
}

/** How to run the program. */
export interface DrayOptions {
  /** Added to the environment of the sandbox; replaces variables of the same name. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** A started program. Dispose kills it if it still runs. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** Its lines on standard error, as they arrive. */
  readonly lines: AsyncIterable<string>;
  kill(signal: Deno.Signal): void;
  readonly status: Promise<Deno.CommandStatus>;
}

/** Creates a sandbox. */
export async function sandbox(options: { readonly store?: string } = {}): Promise<Sandbox> {
  const directory = await Deno.makeTempDir({ prefix: "dray-e2e-" });
  const home = `${directory}/home`;
  const store = options.store ?? `${directory}/store`;
  await Deno.mkdir(home);
  const [command, ...words] = commandWords();
  const environment = (more: Readonly<Record<string, string>> = {}) => ({
    PATH: Deno.env.get("PATH") ?? "",
    HOME: home,
    DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
    DRAY_STORE: store,
    NO_COLOR: "1",
    ...more,
  });
  const dray = (args: readonly string[], { env, stdin }: DrayOptions = {}) =>
    run(command, [...words, ...args], {
      env: environment(env),
      clearEnv: true,
      ...(stdin !== undefined && { stdin }),
    });
  const ok = async (args: readonly string[], more?: DrayOptions): Promise<string> => {
    const { code, stdout, stderr } = await dray(args, more);
    if (code !== 0) throw new Error(`"dray ${args.join(" ")}" exited with ${code}:\n${stderr}${stdout}`);
    return stdout;
  };
  return {
    directory,
    store,
    home,
    words: [command, ...words],
    environment: environment(),
    dray,
    ok,
    json: async (args, more) => JSON.parse(await ok([...args, "--json"], more)),
    start: (args, { env } = {}) => startCommand(command, [...words, ...args], environment(env)),
    [Symbol.asyncDispose]: () => Deno.remove(directory, { recursive: true }),
  };
}

/** Starts a command that runs the program. */
export function startCommand(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Running {
  const child = new Deno.Command(command, {
    args: [...args],
    env,
    clearEnv: true,
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const lines = linesOf(child.stderr);
  const kill = (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch {
      // It has already exited.
    }
  };
  return {
    pid: child.pid,
    lines,
    kill,
    status: child.status,
    [Symbol.asyncDispose]: async () => {
      kill("SIGKILL");
      await child.status;
      await lines.return(undefined);
      // A stream without a reader is still open.
      if (!child.stderr.locked) await child.stderr.cancel().catch(() => {});
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}
