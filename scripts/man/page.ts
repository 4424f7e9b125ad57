/**
 * The man pages: one of the commands, and one per help topic, from the same tables as the parser and the
 * help.
 *
 * @module
 */
import { COMMANDS } from "../../src/cli/commands.ts";
import { optionSummary, optionText } from "../../src/cli/help/help.ts";
import { TOPICS } from "../../src/cli/help/topics.ts";
import type { TopicBlock, TopicDocument } from "../../src/cli/help/topics/document.ts";
import { EXITS } from "../../src/cli/table/exit_codes.ts";
import { GLOBAL_OPTIONS } from "../../src/cli/table/shared.ts";
import type { Command, Options } from "../../src/cli/table/types.ts";
import { usageOf } from "../../src/cli/table/usage.ts";
import { example, manParagraph, request, roff, section, term } from "./roff.ts";

/** Section 7 of the manual: overviews and conventions. */
const TOPIC_SECTION = "7";

/** The file name of a topic's page: `dray-events.7`. */
export function topicFile(topic: string): string {
  return `dray-${topic}.${TOPIC_SECTION}`;
}

/** Formats dray(1). `date` is that of the release: `2026-11-24`. */
export function manPage(version: string, date: string): string {
  return [
    request("TH", "DRAY", "1", date, `dray ${version}`, "User Commands"),
    section("Name"),
    roff("dray - pull container images into a store that any OCI tool can read"),
    section("Synopsis"),
    `${request("B", "dray")}\n${roff("COMMAND [ARGUMENTS]")}`,
    section("Description"),
    roff(
      "dray pulls container images from registries into an OCI image layout, maintains them there, " +
        "unpacks and exports them, and serves them to Kubernetes tools.",
    ),
    section("Commands"),
    ...Object.entries(COMMANDS).flatMap(([name, command]) => commandPart(name, command)),
    section("Options of every command"),
    ...optionParts(GLOBAL_OPTIONS),
    section("Exit status"),
    ...Object.values(EXITS).map(([code, meaning]) => term(String(code), `${meaning}.`)),
    section("Examples"),
    ...Object.values(COMMANDS).flatMap(({ examples }) =>
      examples.map(({ line, note }) => term(line, `${note.charAt(0).toUpperCase()}${note.slice(1)}.`))
    ),
    section("See also"),
    ...Object.keys(TOPICS).map((topic) => request("BR", `dray-${topic}`, `(${TOPIC_SECTION}),`)),
    request("BR", "skopeo", "(1),"),
    request("BR", "crictl", "(1)"),
    "",
  ].join("\n");
}

/** Formats the page of a topic. */
export async function topicPage(topic: keyof typeof TOPICS, version: string, date: string): Promise<string> {
  const { summary, load } = TOPICS[topic];
  const document: TopicDocument = await load();
  return [
    request("TH", `DRAY-${topic.toUpperCase()}`, TOPIC_SECTION, date, `dray ${version}`, "dray"),
    section("Name"),
    roff(`dray-${topic} - ${summary.charAt(0).toLowerCase()}${summary.slice(1)}`),
    section("Description"),
    ...document.flatMap(blockParts),
    section("See also"),
    request("BR", "dray", "(1)"),
    "",
  ].join("\n");
}

function blockParts(block: TopicBlock): readonly string[] {
  switch (block.kind) {
    case "heading":
      return [request("SS", block.text)];
    case "paragraph":
      return [manParagraph(block.text)];
    case "terms":
      return block.rows.map(([name, meaning]) => term(name, meaning));
    case "code":
      return [example(block.lines)];
  }
}

function commandPart(name: string, command: Command): readonly string[] {
  const { summary, description, positionals, options } = command;
  return [
    request("SS", usageOf(name, command)),
    `${roff(summary)}.`,
    ...description.flatMap((part) =>
      typeof part === "string" ? [manParagraph(part)] : part.map(([name, meaning]) => term(name, meaning))
    ),
    ...Object.values(positionals).map(({ value, summary: meaning }) => term(value, meaning)),
    ...optionParts(options),
  ];
}

function optionParts(options: Options): readonly string[] {
  return Object.entries(options).map(([name, spec]) =>
    term(optionText(name, spec).trim(), optionSummary(spec))
  );
}
