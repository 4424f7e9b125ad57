import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../../tests/assert.ts";
import { COMMANDS } from "../commands.ts";
import { widthOf } from "../output/text.ts";
import { COMMAND_GROUPS, type CommandTable } from "../table/types.ts";
import { commandHelp, helpFor, helpNames, programHelp } from "./help.ts";
import { TOPIC_NAMES, TOPICS } from "./topics.ts";

const TABLE: CommandTable = COMMANDS;
const commands = Object.entries(TABLE);

Deno.test("programHelp() fits on a terminal of 80 by 24, below the prompt", () => {
  const help = programHelp(COMMANDS);
  const lines = help.trimEnd().split("\n");
  assert(lines.length <= 23, `${lines.length} lines`);
  for (const line of lines) assert(widthOf(line) < 80, line);
  for (const [name, { isEveryday }] of commands) {
    if (isEveryday) assertStringIncludes(help, `\n  ${name} `);
  }
  for (const name of [...Object.keys(COMMAND_GROUPS), ...TOPIC_NAMES]) assertStringIncludes(help, name);
});

Deno.test("dray help GROUP lists all commands of the group", async (t) => {
  for (const group of Object.keys(COMMAND_GROUPS)) {
    await t.step(group, async () => {
      const help = await helpFor(group, COMMANDS, 80);
      const members = commands.filter(([, command]) => command.group === group);
      assert(members.length > 0);
      for (const [name, { summary }] of members) assertStringIncludes(help, summary, name);
    });
  }
});

Deno.test("commandHelp() has every option, argument and example, within the terminal's width", async (t) => {
  for (const [name, { options, positionals, examples }] of commands) {
    await t.step(name, () => {
      const help = commandHelp(COMMANDS, name, 80);
      for (const option of Object.keys(options)) assertStringIncludes(help, `--${option}`);
      for (const { value } of Object.values(positionals)) assertStringIncludes(help, value);
      for (const { line } of examples) assertStringIncludes(help, line);
      const code = new Set(examples.map(({ line }) => `  ${line}`));
      for (const line of help.split("\n")) assert(code.has(line) || widthOf(line) < 80, line);
    });
  }
});

Deno.test("dray help TOPIC prints the topic, and dray help topics the list", async (t) => {
  const list = await helpFor("topics", COMMANDS, 80);
  for (const [name, { summary }] of Object.entries(TOPICS)) {
    await t.step(name, async () => {
      assertStringIncludes(list, name);
      assertStringIncludes(list, summary);
      const help = await helpFor(name, COMMANDS, 80);
      assertStringIncludes(help, `${summary}.\n`);
      assert(help.endsWith("\n") && !help.endsWith("\n\n"));
    });
  }
});

Deno.test("dray help permissions prints the command and the topic", async () => {
  const help = await helpFor("permissions", COMMANDS, 80);
  assertStringIncludes(help, commandHelp(COMMANDS, "permissions", 80));
  assertStringIncludes(help, `\n${TOPICS.permissions.summary}.\n`);
});

Deno.test("an unknown topic is an error that suggests the nearest name", async () => {
  await assertRejects(() => helpFor("exit-code", COMMANDS, 80), Error, 'did you mean "exit-codes"?');
  await assertRejects(() => helpFor("pul", COMMANDS, 80), Error, 'did you mean "pull"?');
  await assertRejects(
    () => helpFor("__proto__", COMMANDS, 80),
    Error,
    'unknown command or help topic "__proto__"',
  );
});

Deno.test("no group or topic hides a command", () => {
  for (const group of Object.keys(COMMAND_GROUPS)) assert(!Object.hasOwn(COMMANDS, group), group);
  assertEquals(TOPIC_NAMES.filter((name) => Object.hasOwn(COMMANDS, name)), ["permissions"]);
  assertEquals(new Set(helpNames(COMMANDS)).size, helpNames(COMMANDS).length);
});
