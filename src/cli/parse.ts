/**
 * From the words of a command line to a command with typed input.
 *
 * @module
 */
import { parseArgs, type ParsedArgs } from "./parse_args.ts";
import { suggest } from "./suggest.ts";
import { type CommandName, commandOf } from "./table.ts";
import type { GLOBAL_OPTIONS } from "./table/shared.ts";
import type { Input, Options, OptionSpec, Positional, Positionals } from "./table/types.ts";
import { optionsOf, spellOut, usageError } from "./words.ts";

/** Options that every command has. */
export type GlobalValues = Input<Positionals, typeof GLOBAL_OPTIONS>["options"];

/** What a command line asks for. */
export type Invocation =
  | { readonly kind: "help"; readonly command?: CommandName }
  | { readonly kind: "version" }
  /** `input` fits the command of that name: the table says how. */
  | {
    readonly kind: "run";
    readonly command: CommandName;
    readonly input: Input;
    readonly globals: GlobalValues;
  };

/**
 * Parses a command line.
 *
 * @throws AppError `invalid_argument` that names the nearest known word; its detail `usage` is the help to look at
 */
export function parseCommandLine(argv: readonly string[]): Invocation {
  const { command, options, args, help, version } = spellOut(argv);
  if (version) return { kind: "version" };
  if (help) return command === undefined ? { kind: "help" } : { kind: "help", command };
  if (command === undefined) throw usageError(undefined, "no command was given");
  const specs = optionsOf(command);
  const values = optionValues(command, specs, parseArgs(options, parserOptions(specs)));
  const input = { args: positionalValues(command, commandOf(command).positionals, args), options: values };
  // The values were made from the very table that the type is made from.
  return { kind: "run", command, input, globals: values as unknown as GlobalValues };
}

function parserOptions(specs: Options) {
  const names = (wanted: (spec: OptionSpec) => boolean) =>
    Object.entries(specs).flatMap(([name, spec]) => wanted(spec) ? [name] : []);
  return {
    boolean: names((spec) => spec.kind === "flag"),
    string: names((spec) => spec.kind !== "flag"),
    collect: names((spec) => spec.kind === "texts"),
  };
}

function optionValues(
  command: CommandName,
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

function optionValue(command: CommandName, name: string, spec: OptionSpec, value: unknown) {
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
  command: CommandName,
  name: string,
  { min, max }: { readonly min: number; readonly max: number },
  text: string,
): number {
  const value = /^[0-9]+$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw usageError(command, `option "--${name}" is "${text}", want a whole number from ${min} to ${max}`);
}

function choice(command: CommandName, name: string, words: readonly string[], text: string): string {
  if (words.includes(text)) return text;
  const near = suggest(text, words);
  const hint = near === undefined ? "" : `, the nearest is "${near}"`;
  throw usageError(
    command,
    `option "--${name}" is "${text}", want ${words.slice(0, -1).join(", ")} or ${words.at(-1)}${hint}`,
  );
}

function positionalValues(
  command: CommandName,
  positionals: Positionals,
  words: readonly string[],
): Record<string, string | readonly string[]> {
  const values: Record<string, string | readonly string[]> = {};
  let used = 0;
  for (const [name, positional] of Object.entries(positionals)) {
    const word = words[used];
    if (word === undefined && (positional.count === "one" || positional.count === "some")) {
      throw usageError(
        command,
        `argument ${positional.value} is missing, want ${positionalsText(positionals)}`,
      );
    }
    if (positional.count === "list" || positional.count === "some") {
      values[name] = words.slice(used);
      used = words.length;
    } else if (word !== undefined) {
      values[name] = word;
      used++;
    }
  }
  const extra = words[used];
  if (extra !== undefined) {
    throw usageError(
      command,
      `unexpected argument "${extra}", want ${positionalsText(positionals) || "no arguments"}`,
    );
  }
  return values;
}

/** Positional arguments as the help writes them: `IMAGE NAME`, `REF…`, `[FILTER]`. */
export function positionalsText(positionals: Positionals): string {
  return Object.values(positionals).map(positionalText).join(" ");
}

function positionalText({ value, count }: Positional): string {
  const list = count === "list" || count === "some" ? `${value}…` : value;
  return count === "optional" || count === "list" ? `[${list}]` : list;
}
