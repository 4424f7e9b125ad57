/**
 * The part of the command table that the completion scripts of all shells use.
 *
 * @module
 */
import { helpNames } from "../help/help.ts";
import { GLOBAL_OPTIONS } from "../table/shared.ts";
import type { CommandTable, Hint, Options, OptionSpec, Positional } from "../table/types.ts";

/** The command that prints the names of the store's images. */
export const IMAGE_NAMES_LINE = "dray images --names 2>/dev/null";

/** What can be completed for a word: names of images, paths, or fixed words. */
export type CompletionHint = Exclude<Hint, "command" | "help">;

/** An option with its long name. */
export interface CompletionOption {
  readonly long: string;
  readonly spec: OptionSpec;
  /** What can be completed for its value; undefined if nothing, or if it has no value. */
  readonly hint: CompletionHint | undefined;
}

/** A positional argument. */
export interface CompletionPositional extends Omit<Positional, "hint"> {
  readonly hint: CompletionHint | undefined;
}

/** A command. */
export interface CompletionCommand {
  readonly name: string;
  readonly summary: string;
  /** Its own options and those of every command. */
  readonly options: readonly CompletionOption[];
  readonly positionals: readonly CompletionPositional[];
}

/** The options of every command. */
export function globalOptions(table: CommandTable): readonly CompletionOption[] {
  return completionOptions(table, GLOBAL_OPTIONS);
}

/** All commands. */
export function completionCommands(table: CommandTable): readonly CompletionCommand[] {
  return Object.entries(table).map(([name, { summary, options, positionals }]) => ({
    name,
    summary,
    options: completionOptions(table, { ...options, ...GLOBAL_OPTIONS }),
    positionals: Object.values(positionals).map((positional) => ({
      ...positional,
      hint: completionHint(table, positional.hint),
    })),
  }));
}

function completionOptions(table: CommandTable, options: Options): readonly CompletionOption[] {
  return Object.entries(options).map(([long, spec]) => ({
    long,
    spec,
    hint: completionHint(table, hintOf(spec)),
  }));
}

function hintOf(spec: OptionSpec): Hint | undefined {
  switch (spec.kind) {
    case "choice":
      return spec.words;
    case "text":
    case "texts":
      return spec.hint;
    default:
      return undefined;
  }
}

function completionHint(table: CommandTable, hint: Hint | undefined): CompletionHint | undefined {
  switch (hint) {
    case "command":
      return Object.keys(table);
    case "help":
      return helpNames(table);
    default:
      return hint;
  }
}

/** Whether an option belongs only to its command. */
export function isOwnOption({ long }: CompletionOption): boolean {
  return !Object.hasOwn(GLOBAL_OPTIONS, long);
}

/** Whether the last positional argument is a list. */
export function isOpenEnded(positionals: readonly CompletionPositional[]): boolean {
  const last = positionals.at(-1);
  return last?.count === "list" || last?.count === "some";
}
