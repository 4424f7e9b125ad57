/**
 * Spelling a command line out, so that nothing is left to guess: `-qj4 --platform linux/arm64` becomes
 * `--quiet=true --jobs=4 --platform=linux/arm64`.
 *
 * The parser of `@std/cli` guesses where a word is ambiguous: it takes the `true` of `pull -q true` for the flag's value,
 * turns `--tag 7` into a number unless told, and accepts any value for a flag. Spelled out, it has nothing to guess.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { suggest } from "./suggest.ts";
import { COMMAND_NAMES, type CommandName, commandOf, COMMANDS, findCommand } from "./table.ts";
import { GLOBAL_OPTIONS } from "./table/shared.ts";
import type { Options, OptionSpec } from "./table/types.ts";

/** A command line with its command found and its options spelled out. */
export interface SpelledLine {
  /** Undefined if no word names one. */
  readonly command?: CommandName;
  /** `--name=value`, and nothing else. */
  readonly options: readonly string[];
  /** The other words. */
  readonly args: readonly string[];
  /** Whether help was asked for: then nothing else matters. */
  readonly help: boolean;
  /** Whether `--version` stands before the command. */
  readonly version: boolean;
}

/** A wrong command line. The details name the command, so that its help can be pointed at. */
export function usageError(command: CommandName | undefined, problem: string): AppError {
  const line = command === undefined ? "dray" : `dray ${command}`;
  return new AppError("invalid_argument", `Cannot run "${line}": ${problem}`, {
    details: { usage: command === undefined ? "dray --help" : `dray ${command} --help` },
  });
}

/** Words that are left, taken one by one. */
interface Rest {
  next(): string | undefined;
  /** Puts the last one back. */
  back(): void;
}

/** Spells a command line out. @throws AppError `invalid_argument` */
export function spellOut(argv: readonly string[]): SpelledLine {
  if (asksForHelp(argv)) return { ...helpLine(argv), help: true, options: [], args: [], version: false };
  const options: string[] = [];
  const args: string[] = [];
  let command: CommandName | undefined;
  let position = 0;
  const rest: Rest = { next: () => argv[position++], back: () => position-- };
  for (let word = rest.next(); word !== undefined; word = rest.next()) {
    if (command !== undefined && args.length > 0 && commandOf(command).passesOn) {
      args.push(word);
    } else if (word === "--") {
      for (let arg = rest.next(); arg !== undefined; arg = rest.next()) args.push(arg);
    } else if (word === "--version" && command === undefined) {
      return { options: [], args: [], help: false, version: true };
    } else if (word.startsWith("--")) {
      options.push(longOption(command, word, rest));
    } else if (word.startsWith("-") && word !== "-") {
      options.push(...shortOptions(command, word, rest));
    } else if (command === undefined) {
      command = commandNamed(word);
    } else args.push(word);
  }
  const line = { options, args, help: false, version: false };
  return command === undefined ? line : { ...line, command };
}

/** The options of a command and those of every command. */
export function optionsOf(command: CommandName | undefined): Options {
  return command === undefined ? GLOBAL_OPTIONS : { ...COMMANDS[command].options, ...GLOBAL_OPTIONS };
}

function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).some((word) => word === "--help" || word === "-h");
}

/** Help must come even where the rest of the line is wrong: that is when it is asked for. */
function helpLine(argv: readonly string[]): { readonly command?: CommandName } {
  for (const word of argv) {
    const command = findCommand(word);
    if (command !== undefined) return { command };
  }
  return {};
}

function commandNamed(word: string): CommandName {
  const command = findCommand(word);
  if (command !== undefined) return command;
  const near = suggest(word, COMMAND_NAMES);
  throw usageError(undefined, `there is no command "${word}"${near ? `, the nearest is "${near}"` : ""}`);
}

function longOption(command: CommandName | undefined, word: string, rest: Rest): string {
  const equals = word.indexOf("=");
  const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
  const options = optionsOf(command);
  const spec = Object.hasOwn(options, name) ? options[name] : undefined;
  if (spec === undefined) throw unknownOption(command, `--${name}`);
  if (spec.kind === "flag") {
    if (equals >= 0) throw usageError(command, `option "--${name}" takes no value`);
    return `--${name}=true`;
  }
  return `--${name}=${valueOf(command, name, spec, equals < 0 ? undefined : word.slice(equals + 1), rest)}`;
}

function shortOptions(command: CommandName | undefined, word: string, rest: Rest): string[] {
  const spelled: string[] = [];
  for (let at = 1; at < word.length; at++) {
    const letter = word.charAt(at);
    const found = Object.entries(optionsOf(command)).find(([, { short }]) => short === letter);
    if (found === undefined) throw unknownOption(command, `-${letter}`);
    const [name, spec] = found;
    if (spec.kind !== "flag") {
      const inside = word.slice(at + 1).replace(/^=/, "");
      return [
        ...spelled,
        `--${name}=${valueOf(command, name, spec, at + 1 < word.length ? inside : undefined, rest)}`,
      ];
    }
    spelled.push(`--${name}=true`);
  }
  return spelled;
}

function valueOf(
  command: CommandName | undefined,
  name: string,
  spec: Exclude<OptionSpec, { kind: "flag" }>,
  inside: string | undefined,
  rest: Rest,
): string {
  const value = inside ?? rest.next();
  // A word with a dash is far more often the next option than a value; one that is meant can stand after "=".
  if (inside === undefined && value !== undefined && value.startsWith("-") && value !== "-") {
    rest.back();
    throw usageError(
      command,
      `option "--${name}" has no value, want --${name} ${spec.value} (or --${name}=${value} if that is it)`,
    );
  }
  if (value === undefined || value === "") {
    throw usageError(command, `option "--${name}" has no value, want --${name} ${spec.value}`);
  }
  return value;
}

function unknownOption(command: CommandName | undefined, option: string): AppError {
  const known = Object.keys(optionsOf(command)).map((name) => `--${name}`);
  const near = option.startsWith("--") ? suggest(option, [...known, "--version"]) : undefined;
  if (near !== undefined) return usageError(command, `unknown option "${option}", the nearest is "${near}"`);
  const owner = command === undefined ? COMMAND_NAMES.find((name) => has(name, option)) : undefined;
  return usageError(
    command,
    owner === undefined
      ? `unknown option "${option}"`
      : `option "${option}" belongs after its command, such as dray ${owner} ${option}`,
  );
}

function has(command: CommandName, option: string): boolean {
  const { options } = COMMANDS[command];
  return Object.entries(options).some(([name, { short }]: [string, OptionSpec]) =>
    option === `--${name}` || option === `-${short}`
  );
}
