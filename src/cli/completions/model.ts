/**
 * What the scripts of all shells need of the command table.
 *
 * @module
 */
import { COMMAND_NAMES, type CommandName, commandOf } from "../table.ts";
import { GLOBAL_OPTIONS } from "../table/shared.ts";
import type { Hint, Options, OptionSpec, Positional } from "../table/types.ts";

/** How a script gets the names of the store's images. */
export const IMAGE_NAMES_LINE = "dray images --names 2>/dev/null";

/** An option by all its spellings. */
export interface NamedOption {
  readonly long: string;
  readonly spec: OptionSpec;
}

/** Options as a list. */
export function namedOptions(options: Options): readonly NamedOption[] {
  return Object.entries(options).map(([long, spec]) => ({ long, spec }));
}

/** A command with all options that it takes. */
export interface NamedCommand {
  readonly name: CommandName;
  readonly summary: string;
  readonly options: readonly NamedOption[];
  readonly positionals: readonly Positional[];
}

/** All commands. */
export function namedCommands(): readonly NamedCommand[] {
  return COMMAND_NAMES.map((name) => {
    const { summary, options, positionals } = commandOf(name);
    return {
      name,
      summary,
      options: namedOptions({ ...options, ...GLOBAL_OPTIONS }),
      positionals: Object.values(positionals),
    };
  });
}

/** What can stand for the value of an option; undefined if nothing can be offered, or it has no value. */
export function hintOf(spec: OptionSpec): Hint | undefined {
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

/** Whether the last positional takes all further words. */
export function isOpenEnded(positionals: readonly Positional[]): boolean {
  const last = positionals.at(-1);
  return last?.count === "list" || last?.count === "some";
}
