/**
 * Normalises a command line: `-qj4 --platform linux/arm64` becomes `--quiet=true --jobs=4
 * --platform=linux/arm64`.
 *
 * The parser of `@std/cli` guesses where a word is ambiguous: it takes the `true` of `pull -q true` for the
 * flag's value, turns `--tag 7` into a number unless the option is declared as text, and accepts any value
 * for a flag. In normalised form nothing is ambiguous.
 *
 * @module
 */
import type { AppError } from "../../base/errors.ts";
import { GLOBAL_OPTIONS } from "./shared.ts";
import { didYouMean, suggest } from "./suggest.ts";
import { type Command, type CommandTable, findCommand, type Options, type OptionSpec } from "./types.ts";
import { usageError } from "./usage.ts";

/** A command line with its command found and its options normalised. */
export interface NormalizedLine {
  /** Undefined if no word names a command. */
  readonly command?: NamedCommand;
  /** Only words of the form `--name=value`. */
  readonly options: readonly string[];
  /** The other words. */
  readonly args: readonly string[];
  /** Whether help was requested; the rest of the line doesn't matter then. */
  readonly help: boolean;
  /** Whether `--version` precedes the command. */
  readonly version: boolean;
}

/** A command with its name. */
export interface NamedCommand {
  readonly name: string;
  readonly spec: Command;
}

/** The words that are not yet read. */
interface WordReader {
  next(): string | undefined;
  /** Unreads the last word. */
  back(): void;
}

/** Normalises a command line. @throws AppError `invalid_argument` */
export function normalizeLine(table: CommandTable, argv: readonly string[]): NormalizedLine {
  if (requestsHelp(argv)) {
    return { ...helpLine(table, argv), help: true, options: [], args: [], version: false };
  }
  const options: string[] = [];
  const args: string[] = [];
  let command: NamedCommand | undefined;
  let position = 0;
  const words: WordReader = { next: () => argv[position++], back: () => position-- };
  for (let word = words.next(); word !== undefined; word = words.next()) {
    if (command?.spec.isWrapper && args.length > 0) {
      args.push(word);
    } else if (word === "--") {
      for (let arg = words.next(); arg !== undefined; arg = words.next()) args.push(arg);
    } else if (word === "--version" && command === undefined) {
      return { options: [], args: [], help: false, version: true };
    } else if (word.startsWith("--")) {
      options.push(longOption(table, command, word, words));
    } else if (word.startsWith("-") && word !== "-") {
      options.push(...shortOptions(table, command, word, words));
    } else if (command === undefined) {
      command = commandNamed(table, word);
    } else args.push(word);
  }
  const line = { options, args, help: false, version: false };
  return command === undefined ? line : { ...line, command };
}

/** The options of a command and those of every command. */
export function optionsOf(command: NamedCommand | undefined): Options {
  return { ...command?.spec.options, ...GLOBAL_OPTIONS };
}

function requestsHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).some((word) => word === "--help" || word === "-h");
}

/** Help must work even if the rest of the line is wrong: that is when users need it. */
function helpLine(table: CommandTable, argv: readonly string[]): { readonly command?: NamedCommand } {
  for (const name of argv) {
    const spec = findCommand(table, name);
    if (spec !== undefined) return { command: { name, spec } };
  }
  return {};
}

function commandNamed(table: CommandTable, name: string): NamedCommand {
  const spec = findCommand(table, name);
  if (spec !== undefined) return { name, spec };
  throw usageError(undefined, `unknown command "${name}"${didYouMean(name, Object.keys(table))}`);
}

function longOption(
  table: CommandTable,
  command: NamedCommand | undefined,
  word: string,
  words: WordReader,
): string {
  const equals = word.indexOf("=");
  const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
  const options = optionsOf(command);
  const spec = Object.hasOwn(options, name) ? options[name] : undefined;
  if (spec === undefined) throw unknownOption(table, command, `--${name}`);
  if (spec.kind === "flag") {
    if (equals >= 0) throw usageError(command?.name, `option "--${name}" takes no value`);
    return `--${name}=true`;
  }
  return `--${name}=${valueOf(command, name, spec, equals < 0 ? undefined : word.slice(equals + 1), words)}`;
}

function shortOptions(
  table: CommandTable,
  command: NamedCommand | undefined,
  word: string,
  words: WordReader,
): string[] {
  const normalized: string[] = [];
  for (let at = 1; at < word.length; at++) {
    const letter = word.charAt(at);
    const found = Object.entries(optionsOf(command)).find(([, { short }]) => short === letter);
    if (found === undefined) throw unknownOption(table, command, `-${letter}`);
    const [name, spec] = found;
    if (spec.kind !== "flag") {
      const attached = at + 1 < word.length ? word.slice(at + 1).replace(/^=/, "") : undefined;
      return [...normalized, `--${name}=${valueOf(command, name, spec, attached, words)}`];
    }
    normalized.push(`--${name}=true`);
  }
  return normalized;
}

function valueOf(
  command: NamedCommand | undefined,
  name: string,
  spec: Exclude<OptionSpec, { kind: "flag" }>,
  attached: string | undefined,
  words: WordReader,
): string {
  const missing = (hint = "") =>
    usageError(command?.name, `option "--${name}" needs a value: --${name} ${spec.value}${hint}`);
  const value = attached ?? words.next();
  // A word with a dash is far more often the next option than a value; a real value can follow "=".
  if (attached === undefined && value !== undefined && value.startsWith("-") && value !== "-") {
    words.back();
    throw missing(` (if "${value}" is the value, write --${name}=${value})`);
  }
  if (value === undefined || value === "") throw missing();
  return value;
}

function unknownOption(table: CommandTable, command: NamedCommand | undefined, option: string): AppError {
  const known = [...Object.keys(optionsOf(command)).map((name) => `--${name}`), "--version"];
  const near = option.startsWith("--") ? suggest(option, known) : undefined;
  const owner = command === undefined && near === undefined ? ownerOf(table, option) : undefined;
  return usageError(
    command?.name,
    owner === undefined
      ? `unknown option "${option}"${near === undefined ? "" : `; did you mean "${near}"?`}`
      : `option "${option}" must follow its command, for example: dray ${owner} ${option}`,
  );
}

/** The first command that has the option. */
function ownerOf(table: CommandTable, option: string): string | undefined {
  return Object.keys(table).find((name) =>
    Object.entries(table[name]?.options ?? {}).some(([long, { short }]) =>
      option === `--${long}` || option === `-${short}`
    )
  );
}
