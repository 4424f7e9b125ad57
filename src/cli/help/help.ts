/**
 * The help, generated from the command table and the topics.
 *
 * @module
 */
import { wrap } from "../output/text.ts";
import { COMMON_EXITS, type ExitName, EXITS } from "../table/exit_codes.ts";
import { GLOBAL_OPTIONS } from "../table/shared.ts";
import { didYouMean } from "../table/suggest.ts";
import {
  COMMAND_GROUPS,
  type CommandGroup,
  type CommandTable,
  findCommand,
  type Options,
  type OptionSpec,
} from "../table/types.ts";
import { usageError, usageOf } from "../table/usage.ts";
import { helpWidth, INDENT, twoColumns } from "./layout.ts";
import { findTopic, type Topic, TOPIC_NAMES, TOPICS } from "./topics.ts";
import type { TopicDocument } from "./topics/document.ts";

/** The word with which `dray help` lists the topics. */
const TOPIC_LIST = "topics";

/** Everything that `dray help` accepts. */
export function helpNames(table: CommandTable): readonly string[] {
  return [...new Set([...Object.keys(table), ...Object.keys(COMMAND_GROUPS), ...TOPIC_NAMES, TOPIC_LIST])];
}

/**
 * The help of a command, a group of commands or a topic; without a name, that of the program.
 *
 * @throws AppError `invalid_argument` for an unknown name
 */
export async function helpFor(
  name: string | undefined,
  table: CommandTable,
  columns: number,
): Promise<string> {
  if (name === undefined) return programHelp(table);
  if (name === TOPIC_LIST) return topicList(columns);
  if (isGroup(name)) return groupHelp(table, name, columns);
  const topic = findTopic(name);
  const texts = [
    ...findCommand(table, name) === undefined ? [] : [commandHelp(table, name, columns)],
    ...topic === undefined ? [] : [`${topic.summary}.\n\n${topicText(await topic.load(), columns)}`],
  ];
  if (texts.length > 0) return texts.join("\n");
  const names = helpNames(table);
  throw usageError(undefined, `unknown command or help topic "${name}"${didYouMean(name, names)}`);
}

/** The help of the program. It fits on a terminal of 80 by 24. */
export function programHelp(table: CommandTable): string {
  const groups = Object.keys(COMMAND_GROUPS);
  return [
    "dray pulls container images into a store that any OCI tool can read.",
    "",
    "Usage: dray COMMAND [ARGUMENTS]",
    "",
    "Everyday commands:",
    ...summaries(table, helpWidth(80), ({ isEveryday }) => isEveryday === true),
    "",
    ...twoColumns([
      ["dray COMMAND --help", "options and examples of a command"],
      ["dray help GROUP", `all commands: ${groups.slice(0, -1).join(", ")} or ${groups.at(-1)}`],
      ["dray help TOPIC", `reference: ${TOPIC_NAMES.join(", ")}`],
    ], helpWidth(80)),
    "",
  ].join("\n");
}

/** The list of a group's commands and topics. */
function groupHelp(table: CommandTable, group: CommandGroup, columns: number): string {
  return [
    `${COMMAND_GROUPS[group]}:`,
    ...summaries(table, helpWidth(columns), (command) => command.group === group),
    "",
    "Topics:",
    ...twoColumns(topicRows(({ group: other }) => other === group), helpWidth(columns)),
    "",
    'See "dray COMMAND --help" for options and examples, and "dray help TOPIC".',
    "",
  ].join("\n");
}

/** The list of topics. */
function topicList(columns: number): string {
  const rows = twoColumns(topicRows(() => true), helpWidth(columns));
  return ["Help topics:", ...rows, "", 'See "dray help TOPIC".', ""].join("\n");
}

function topicRows(
  isShown: (topic: Topic) => boolean,
): readonly (readonly [name: string, summary: string])[] {
  return Object.entries(TOPICS).filter(([, topic]) => isShown(topic))
    .map(([name, { summary }]) => [name, summary] as const);
}

function isGroup(name: string): name is CommandGroup {
  return Object.hasOwn(COMMAND_GROUPS, name);
}

function summaries(
  table: CommandTable,
  width: number,
  isShown: (command: CommandTable[string]) => boolean,
): readonly string[] {
  return twoColumns(
    Object.entries(table).filter(([, command]) => isShown(command)).map((
      [name, { summary }],
    ) => [name, summary]),
    width,
  );
}

/** The help of one command. @throws AppError `invalid_argument` for an unknown name */
export function commandHelp(table: CommandTable, name: string, columns: number): string {
  const command = findCommand(table, name);
  if (command === undefined) throw usageError(undefined, `unknown command "${name}"`);
  const width = helpWidth(columns);
  const { summary, description, positionals, options, examples, exits } = command;
  const hasOptions = Object.keys(options).length > 0;
  const args = Object.values(positionals).map(({ value, summary }) => [value, summary] as const);
  return [
    ...wrap(`${summary}.`, width),
    "",
    `Usage: ${usageOf(name, command)}`,
    ...description.flatMap((part) =>
      typeof part === "string" ? ["", ...wrap(part, width)] : twoColumns(part, width)
    ),
    ...(args.length > 0 ? ["", "Arguments:", ...twoColumns(args, width)] : []),
    ...(hasOptions ? ["", "Options:", ...optionLines(options, width)] : []),
    "",
    "Options of every command:",
    ...optionLines(GLOBAL_OPTIONS, width),
    "",
    "Examples:",
    ...examples.flatMap(({ line, note }) => [`${INDENT}${line}`, `${INDENT}${INDENT}${note}`]),
    "",
    "Exit codes:",
    ...twoColumns(
      (Object.keys(EXITS) as ExitName[]).filter((exit) => [...COMMON_EXITS, ...exits].includes(exit))
        .map((exit) => [String(EXITS[exit][0]), EXITS[exit][1]] as const),
      width,
    ),
    "",
  ].join("\n");
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

/** The summary of an option, with its choices and its default. */
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

/** Formats the contents of a topic for a terminal. */
export function topicText(document: TopicDocument, columns: number): string {
  const width = helpWidth(columns);
  const blocks = document.map((block) => {
    switch (block.kind) {
      case "heading":
        return [`${block.text}:`];
      case "paragraph":
        return wrap(block.text, width);
      case "terms":
        return twoColumns(block.rows, width);
      case "code":
        return block.lines.map((line) => (INDENT + line).trimEnd());
    }
  });
  // A heading is followed by its contents without an empty line.
  return blocks.map((lines, i) => `${lines.join("\n")}\n${document[i]?.kind === "heading" ? "" : "\n"}`)
    .join("").replace(/\n\n$/, "\n");
}
