/**
 * A run of the program, from its words to its exit code.
 *
 * @module
 */
import { codeOf } from "../base/errors.ts";
import type { Context } from "./context.ts";
import { readEnvironment, type VariableReader } from "./environment.ts";
import { exitCode, exitCodeOf } from "./exit_codes.ts";
import { exitCodeOfSignal, type Interrupts } from "./interrupt.ts";
import type { Io } from "./io.ts";
import { loadCommand } from "./loaders.ts";
import { Messages } from "./messages.ts";
import { type Invocation, parseCommandLine } from "./parse.ts";
import { type Kind, kindsOf, needsOf } from "./permissions/kinds.ts";
import { SYSTEM_TICKER, type Ticker } from "./progress/clock.ts";
import { type CommandName, commandOf, COMMANDS } from "./table.ts";
import type { Input } from "./table/types.ts";

/** What a run touches of the world. */
export interface World {
  readonly io: Io;
  readonly variable: VariableReader;
  readonly isRoot: boolean;
  readonly interrupts: Interrupts;
  /** Gives up every permission that is not of these kinds. @default nothing is given up */
  readonly keepOnly?: (kinds: ReadonlySet<Kind>) => void;
  /** @default the machine's */
  readonly clock?: Ticker;
  /** The module of the program, which threads run as well. @default there are no threads */
  readonly module?: string;
}

/** How a command line that can't be parsed wants to hear of it: a program that reads JSON must not get text. */
function messagesBefore(argv: readonly string[], { stderr }: Io): Messages {
  const isJson = /(?:^|\0)--(?:log-format|progress)[=\0]json(?:\0|$)/.test(argv.join("\0"));
  return new Messages(stderr, { format: isJson ? "json" : "text", verbose: false, debug: false });
}

/** Runs a command line and gives its exit code. Never throws. */
export async function run(argv: readonly string[], world: World): Promise<number> {
  const { io, interrupts } = world;
  let messages = messagesBefore(argv, io);
  try {
    if (argv.length === 0) {
      io.stderr.write(await helpText({ kind: "help" }, io));
      return exitCode("usage");
    }
    const invocation = parseCommandLine(argv);
    if (invocation.kind === "help") {
      io.stdout.write(await helpText(invocation, io));
      return exitCode("done");
    }
    const { command, input, globals } = invocation.kind === "version" ? versionInvocation() : invocation;
    messages = new Messages(io.stderr, {
      // Who reads events by line must be able to read the failure too.
      format: input.options.progress === "json" ? "json" : globals["log-format"],
      verbose: globals.verbose,
      debug: globals.debug,
    });
    const context: Context = {
      io,
      messages,
      globals,
      environment: readEnvironment(world.variable, world.isRoot),
      clock: world.clock ?? SYSTEM_TICKER,
      module: world.module,
      signal: interrupts.signal,
    };
    if (world.keepOnly !== undefined) world.keepOnly(await neededKinds(command, input, context));
    const runCommand = await loadCommand(command);
    return exitCode(await runCommand(input, context) ?? "done");
  } catch (error) {
    return failed(error, messages, interrupts);
  }
}

async function neededKinds(
  command: CommandName,
  { options }: Input,
  { environment }: Context,
): Promise<ReadonlySet<Kind>> {
  const needs = needsOf(commandOf(command), options);
  const kinds = new Set(kindsOf(needs));
  // A server reads these files again for each question, and they may name a helper then.
  if (needs.has("credentials") && !needs.has("listen")) {
    const { mayNameHelper } = await import("./permissions/named_helpers.ts");
    const { locationsOf } = await import("./open.ts");
    if (!mayNameHelper(locationsOf(environment))) kinds.delete("run");
  }
  return kinds;
}

function failed(error: unknown, messages: Messages, interrupts: Interrupts): number {
  // Rooms below wrap every failure of theirs, so that a broken pipe which comes up here is standard output's.
  if (error instanceof Deno.errors.BrokenPipe) return exitCode("pipe");
  messages.error(error);
  const signal = interrupts.received();
  return signal !== undefined && codeOf(error) === "cancelled" ? exitCodeOfSignal(signal) : exitCodeOf(error);
}

function versionInvocation(): Extract<Invocation, { kind: "run" }> {
  const invocation = parseCommandLine(["version"]);
  if (invocation.kind === "run") return invocation;
  throw new Error(`The table has no command "version": ${Object.keys(COMMANDS)}`);
}

async function helpText(invocation: Extract<Invocation, { kind: "help" }>, io: Io): Promise<string> {
  const { commandHelp, programHelp } = await import("./help.ts");
  const { columns } = io.size();
  return invocation.command === undefined ? programHelp(columns) : commandHelp(invocation.command, columns);
}
