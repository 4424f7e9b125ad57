/**
 * Parses a command line into a command with typed input.
 *
 * @module
 */
import { type NamedCommand, normalizeLine, optionsOf } from "./normalize.ts";
// @ts-types="./parse_args.d.ts"
import { parseArgs, type ParsedArgs } from "@std/cli/parse-args";
import type { GLOBAL_OPTIONS } from "./shared.ts";
import { didYouMean } from "./suggest.ts";
import type { CommandTable, Input, Options, OptionSpec, Positionals } from "./types.ts";
import { positionalsText, usageError, usageOf } from "./usage.ts";

/** Values of the options that every command has. */
export type GlobalValues = Input<Positionals, typeof GLOBAL_OPTIONS>["options"];

/** A command line that runs a command. `input` has the types that the table gives for the command. */
export interface ParsedLine extends NamedCommand {
  readonly kind: "run";
  readonly input: Input;
  readonly globals: GlobalValues;
}

/** The result of parsing a command line. */
export type Invocation =
  | { readonly kind: "help"; readonly command?: NamedCommand }
  | { readonly kind: "version" }
  | ParsedLine;

/**
 * Parses a command line.
 *
 * @throws AppError `invalid_argument` that suggests the nearest known word; its detail `usage` is the help to
 * read
 */
export function parseCommandLine(table: CommandTable, argv: readonly string[]): Invocation {
  const { command, options, args, help, version } = normalizeLine(table, argv);
  if (version) return { kind: "version" };
  if (help) return command === undefined ? { kind: "help" } : { kind: "help", command };
  if (command === undefined) throw usageError(undefined, "no command given");
  const specs = optionsOf(command);
  const values = optionValues(command.name, specs, parseArgs(options, parserOptions(specs)));
  const input = { args: positionalValues(command, args), options: values };
  // The values were made from the same table as the type.
  return { kind: "run", ...command, input, globals: values as unknown as GlobalValues };
}

function parserOptions(specs: Options) {
  const names = (isIncluded: (spec: OptionSpec) => boolean) =>
    Object.entries(specs).flatMap(([name, spec]) => isIncluded(spec) ? [name] : []);
  return {
    boolean: names((spec) => spec.kind === "flag"),
    string: names((spec) => spec.kind !== "flag"),
    collect: names((spec) => spec.kind === "texts"),
  };
}

function optionValues(
  command: string,
  specs: Options,
  parsed: ParsedArgs,
): Record<string, boolean | string | number | readonly string[]> {
  const values: Record<string, boolean | string | number | readonly string[]> = {};
  for (const [name, spec] of Object.entries(specs)) {
    const value = optionValue(command, name, spec, parsed[name]);
    if (value !== undefined) values[name] = value;
  }
  return values;
}

function optionValue(command: string, name: string, spec: OptionSpec, value: unknown) {
  switch (spec.kind) {
    case "flag":
      return value === true;
    case "texts":
      return Array.isArray(value) ? value.map(String) : [];
    case "text":
      return value === undefined ? undefined : String(value);
    case "number":
      return value === undefined ? spec.default : wholeNumber(command, name, spec, String(value));
    case "choice":
      return value === undefined ? spec.default : choice(command, name, spec.words, String(value));
  }
}

function wholeNumber(
  command: string,
  name: string,
  { min, max }: { readonly min: number; readonly max: number },
  text: string,
): number {
  const value = /^[0-9]+$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw usageError(command, `option "--${name}" is "${text}", must be a whole number from ${min} to ${max}`);
}

function choice(command: string, name: string, words: readonly string[], text: string): string {
  if (words.includes(text)) return text;
  const list = `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
  throw usageError(
    command,
    `option "--${name}" is "${text}", must be ${list}${didYouMean(text, words)}`,
  );
}

function positionalValues(
  { name: command, spec }: NamedCommand,
  words: readonly string[],
): Record<string, string | readonly string[]> {
  const values: Record<string, string | readonly string[]> = {};
  let used = 0;
  for (const [name, { count, value }] of Object.entries(spec.positionals)) {
    const word = words[used];
    if (word === undefined && (count === "one" || count === "some")) {
      throw usageError(command, `missing argument ${value}; usage: ${usageOf(command, spec)}`);
    }
    if (count === "list" || count === "some") {
      values[name] = words.slice(used);
      used = words.length;
    } else if (word !== undefined) {
      values[name] = word;
      used++;
    }
  }
  const extra = words[used];
  if (extra !== undefined) {
    const expected = positionalsText(spec.positionals);
    throw usageError(
      command,
      `unexpected argument "${extra}"; ${
        expected === "" ? "it takes no arguments" : `usage: ${usageOf(command, spec)}`
      }`,
    );
  }
  return values;
}
