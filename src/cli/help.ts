/**
 * The help, made from the command table.
 *
 * @module
 */
import { COMMON_EXITS, type ExitName, EXITS } from "./exit_codes.ts";
import { padEnd, widthOf, wrap } from "./output/text.ts";
import { positionalsText } from "./parse.ts";
import { COMMAND_NAMES, type CommandName, commandOf } from "./table.ts";
import { GLOBAL_OPTIONS } from "./table/shared.ts";
import type { Options, OptionSpec } from "./table/types.ts";

const INDENT = "  ";
/** Left columns wider than this get their text on the next line, so that the right one keeps its room. */
const LEFT_MAX = 32;
const GROUPS = ["Images", "Store", "Registries", "Program"] as const;

/** The help of the program: what it is, its commands, the options of all of them, the exit codes. */
export function programHelp(columns: number): string {
  const width = lineWidth(columns);
  return [
    "dray pulls container images into a store that any OCI tool can read.",
    "",
    "Usage: dray COMMAND [ARGUMENTS]",
    ...GROUPS.flatMap((group) => [
      "",
      `${group}:`,
      ...twoColumns(
        COMMAND_NAMES.filter((name) => commandOf(name).group === group)
          .map((name) => [name, commandOf(name).summary] as const),
        width,
      ),
    ]),
    "",
    "Options of every command:",
    ...optionLines(GLOBAL_OPTIONS, width),
    "",
    "Exit codes:",
    ...exitLines(Object.keys(EXITS) as ExitName[], width),
    "",
    'See "dray COMMAND --help" for a command and examples of it.',
    "",
  ].join("\n");
}

/** The help of one command. */
export function commandHelp(name: CommandName, columns: number): string {
  const width = lineWidth(columns);
  const { summary, description, positionals, options, examples, exits } = commandOf(name);
  const own = Object.keys(options).length > 0;
  const args = Object.values(positionals).map(({ value, summary }) => [value, summary] as const);
  return [
    ...wrap(`${summary}.`, width),
    "",
    `Usage: ${usageOf(name)}`,
    ...description.flatMap((paragraph) => ["", ...wrap(paragraph, width)]),
    ...(args.length > 0 ? ["", "Arguments:", ...twoColumns(args, width)] : []),
    ...(own ? ["", "Options:", ...optionLines(options, width)] : []),
    "",
    "Options of every command:",
    ...optionLines(GLOBAL_OPTIONS, width),
    "",
    "Examples:",
    ...examples.flatMap(({ line, note }) => [`${INDENT}${line}`, `${INDENT}${INDENT}${note}`]),
    "",
    "Exit codes:",
    ...exitLines(
      (Object.keys(EXITS) as ExitName[]).filter((exit) => [...COMMON_EXITS, ...exits].includes(exit)),
      width,
    ),
    "",
  ].join("\n");
}

/** How a command is written: `dray pull [OPTIONS] REF…`. */
export function usageOf(name: CommandName): string {
  return `dray ${name} [OPTIONS] ${positionalsText(commandOf(name).positionals)}`.trimEnd();
}

/** Longer lines are hard to read, however wide the terminal is. */
function lineWidth(columns: number): number {
  return Math.max(40, Math.min(columns, 100) - 1);
}

function optionLines(options: Options, width: number): string[] {
  return twoColumns(
    Object.entries(options).map(([name, spec]) => [optionText(name, spec), optionSummary(spec)] as const),
    width,
  );
}

/** How an option is written: `-j, --jobs N`. */
export function optionText(name: string, spec: OptionSpec): string {
  const short = spec.short === undefined ? "    " : `-${spec.short}, `;
  return `${short}--${name}${spec.kind === "flag" ? "" : ` ${spec.value}`}`;
}

/** What an option does, with its words and its default. */
export function optionSummary(spec: OptionSpec): string {
  switch (spec.kind) {
    case "choice":
      return `${spec.summary}: ${spec.words.join(", ")} (default: ${spec.default})`;
    case "number":
      return spec.default === undefined ? spec.summary : `${spec.summary} (default: ${spec.default})`;
    default:
      return spec.summary;
  }
}

function exitLines(names: readonly ExitName[], width: number): string[] {
  return twoColumns(names.map((name) => [String(EXITS[name][0]), EXITS[name][1]] as const), width);
}

function twoColumns(rows: readonly (readonly [left: string, right: string])[], width: number): string[] {
  const left = Math.min(LEFT_MAX, Math.max(...rows.map(([text]) => widthOf(text))));
  const room = width - INDENT.length - left - INDENT.length;
  return rows.flatMap(([text, summary]) => {
    const [first = "", ...more] = wrap(summary, Math.max(20, room));
    const blank = INDENT + " ".repeat(left) + INDENT;
    return widthOf(text) > left
      ? [INDENT + text, ...[first, ...more].map((line) => blank + line)]
      : [INDENT + padEnd(text, left) + INDENT + first, ...more.map((line) => blank + line)];
  });
}
