/**
 * The program under test, started as a user starts it. `DRAY_COMMAND` names another one: a compiled binary, a bundle,
 * another runtime (words separated by blanks). It is `deno run -A main.ts` otherwise.
 *
 * @module
 */
import { type Finished, run } from "../real/child.ts";

const main = new URL("../../main.ts", import.meta.url).pathname;

/** The words of the command. */
export function commandWords(): readonly [command: string, ...args: string[]] {
  const [command, ...args] = (Deno.env.get("DRAY_COMMAND") ?? "").split(" ").filter((word) => word !== "");
  return command === undefined ? [Deno.execPath(), "run", "-A", main] : [command, ...args];
}

/** A store and a home of its own, with the program working on them. */
export interface Sandbox extends AsyncDisposable {
  /** A folder that goes when this is disposed. */
  readonly folder: string;
  readonly store: string;
  readonly home: string;
  /** The words of the program and its environment, for a shell to run it in a pipe. */
  readonly words: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Runs the program to its end. */
  dray(args: readonly string[], options?: DrayOptions): Promise<Finished>;
  /** Runs it, and fails unless it ends with 0. Gives its standard output. */
  ok(args: readonly string[], options?: DrayOptions): Promise<string>;
  /** Runs it, and gives what it prints as JSON. */
  // deno-lint-ignore no-explicit-any -- each command prints another shape
  json(args: readonly string[], options?: DrayOptions): Promise<any>;
  /** Starts it. */
  start(args: readonly string[], options?: DrayOptions): Running;
}

/** How to run the program. */
export interface DrayOptions {
  /** Added to, or in place of, the environment of the sandbox. */
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** A program that runs. Dispose it: that kills it if it still runs. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  /** Its lines on standard error, as they come. */
  readonly lines: AsyncIterable<string>;
  kill(signal: Deno.Signal): void;
  readonly status: Promise<Deno.CommandStatus>;
}

/** Makes a sandbox; `store` may be elsewhere. */
export async function sandbox(options: { readonly store?: string } = {}): Promise<Sandbox> {
  const folder = await Deno.makeTempDir({ prefix: "dray-e2e-" });
  const home = `${folder}/home`;
  const store = options.store ?? `${folder}/store`;
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
    if (code !== 0) throw new Error(`"dray ${args.join(" ")}" ended with ${code}:\n${stderr}${stdout}`);
    return stdout;
  };
  return {
    folder,
    store,
    home,
    words: [command, ...words],
    environment: environment(),
    dray,
    ok,
    json: async (args, more) => JSON.parse(await ok([...args, "--json"], more)),
    start: (args, { env } = {}) => start(command, [...words, ...args], environment(env)),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

function start(command: string, args: readonly string[], env: Record<string, string>): Running {
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
      // It has ended by itself.
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
      // A stream that nobody began to read is still open.
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
