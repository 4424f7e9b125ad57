/**
 * One run of the program, from its arguments to its exit code.
 *
 * @module
 */
import { codeOf } from "../base/errors.ts";
import { COMMANDS } from "./commands.ts";
import { type Context, SYSTEM_TICKER, type Ticker } from "./context/context.ts";
import { readEnvironment, type VariableReader } from "./context/environment.ts";
import { exitCodeOfSignal, type Interrupts } from "./context/interrupt.ts";
import { Messages } from "./context/messages.ts";
import { loadCommand } from "./loaders.ts";
import { kindsOf, needsOf, type PermissionKind } from "./permissions/kinds.ts";
import { exitCode, exitCodeOf } from "./table/exit_codes.ts";
import { parseCommandLine, type ParsedLine } from "./table/parse.ts";
import type { Io } from "./terminal/io.ts";

/** Everything outside the program that a run uses. */
export interface RunOptions {
  readonly io: Io;
  readonly variable: VariableReader;
  readonly isRoot: boolean;
  readonly interrupts: Interrupts;
  /** Drops every permission that is not of these kinds. @default nothing is dropped */
  readonly keepOnly?: (kinds: ReadonlySet<PermissionKind>) => void;
  /** @default the machine's */
  readonly clock?: Ticker;
  /** The program's module, which worker threads load too. @default no threads are started */
  readonly module?: string;
}

/** Messages for errors of the parser. A program that reads JSON must not get text even then. */
function messagesBefore(argv: readonly string[], { stderr }: Io): Messages {
  const isJson = /(?:^|\0)--(?:log-format|progress)[=\0]json(?:\0|$)/.test(argv.join("\0"));
  return new Messages(stderr, { format: isJson ? "json" : "text", verbose: false, debug: false });
}

/** Runs a command line and returns its exit code. Never throws. */
export async function run(argv: readonly string[], options: RunOptions): Promise<number> {
  const { io, interrupts } = options;
  let messages = messagesBefore(argv, io);
  try {
    if (argv.length === 0) {
      io.stderr.write(await helpText(undefined, io));
      return exitCode("usage");
    }
    let invocation = parseCommandLine(COMMANDS, argv);
    if (invocation.kind === "version") invocation = parseCommandLine(COMMANDS, ["version"]);
    if (invocation.kind !== "run") {
      io.stdout.write(await helpText(invocation.kind === "help" ? invocation.command?.name : undefined, io));
      return exitCode("done");
    }
    const { name, input, globals } = invocation;
    messages = new Messages(io.stderr, {
      // A program that reads events line by line must be able to parse the failure too.
      format: input.options.progress === "json" ? "json" : globals["log-format"],
      verbose: globals.verbose,
      debug: globals.debug,
    });
    const context: Context = {
      io,
      messages,
      globals,
      environment: readEnvironment(options.variable, options.isRoot),
      table: COMMANDS,
      clock: options.clock ?? SYSTEM_TICKER,
      module: options.module,
      signal: interrupts.signal,
    };
    if (options.keepOnly !== undefined) options.keepOnly(await neededKinds(invocation, context));
    const runCommand = await loadCommand(name);
    return exitCode(await runCommand(input, context) ?? "done");
  } catch (error) {
    return failed(error, messages, interrupts);
  }
}

async function neededKinds(
  { spec, input }: ParsedLine,
  { environment }: Context,
): Promise<ReadonlySet<PermissionKind>> {
  const needs = needsOf(spec, input.options);
  const kinds = new Set(kindsOf(needs));
  // A server reads the credential files again for each pull, and by then they may name a helper.
  if (needs.has("credentials") && !needs.has("listen")) {
    const { locationsOf, mayNameHelper } = await import("./context/credentials.ts");
    if (!mayNameHelper(locationsOf(environment))) kinds.delete("run");
  }
  return kinds;
}

function failed(error: unknown, messages: Messages, interrupts: Interrupts): number {
  // The modules below wrap all their errors, so a broken pipe that arrives here is that of standard output.
  if (error instanceof Deno.errors.BrokenPipe) return exitCode("pipe");
  messages.error(error);
  const signal = interrupts.received();
  return signal !== undefined && codeOf(error) === "cancelled" ? exitCodeOfSignal(signal) : exitCodeOf(error);
}

async function helpText(name: string | undefined, io: Io): Promise<string> {
  const { commandHelp, programHelp } = await import("./help/help.ts");
  const { columns } = io.size();
  return name === undefined ? programHelp(COMMANDS) : commandHelp(COMMANDS, name, columns);
}
