import { assert, assertEquals } from "../../tests/assert.ts";
import { COMMANDS } from "./commands.ts";
import { EXPORT, EXPORT_FORMATS } from "./commands/files/spec.ts";
import { GLOBAL_OPTIONS } from "./table/shared.ts";
import type { CommandTable, Options, OptionSpec } from "./table/types.ts";
import { parseCommandLine } from "./table/parse.ts";

Deno.test("the command table follows its rules", async (t) => {
  const table: CommandTable = COMMANDS;
  for (
    const [name, { options, positionals, summary, examples, exits, needsWith = {} }] of Object.entries(table)
  ) {
    await t.step(name, () => {
      const all: readonly [string, OptionSpec][] = [
        ...Object.entries(options),
        ...Object.entries(GLOBAL_OPTIONS as Options),
      ];
      const spellings = all.flatMap(([long, { short }]) => short === undefined ? [long] : [long, short]);
      assertEquals(new Set(spellings).size, spellings.length, "two options have one spelling");
      const lists = Object.values(positionals).map(({ count }) => count);
      assert(
        lists.slice(0, -1).every((count) => count === "one"),
        "only the last argument may be optional or a list",
      );
      for (const text of [summary, ...all.map(([, spec]) => spec.summary)]) {
        assert(!text.endsWith("."), `"${text}" ends with a full stop`);
      }
      assert(examples.length > 0, "there is no example");
      for (const { note } of examples) assert(/^[a-z]+ .*[^.]$/.test(note), `"${note}" is not a phrase`);
      for (const option of Object.keys(needsWith)) assert(option in options, `unknown option ${option}`);
      assertEquals(new Set(exits).size, exits.length);
    });
  }
});

Deno.test("the examples of the command table can be parsed", async (t) => {
  for (const { examples } of Object.values(COMMANDS)) {
    for (const { line } of examples) {
      await t.step(line, () => {
        const words = /dray ([^|<>)]*?)(?: 2)?(?: *[|<>)].*)?$/.exec(line)?.[1]?.trim().split(" ") ?? [];
        assertEquals(parseCommandLine(COMMANDS, words).kind, "run");
      });
    }
  }
});

Deno.test("the help of dray export describes every format", () => {
  const rows = EXPORT.description.flatMap((part) =>
    typeof part === "string" ? [] : part.map(([term]) => term)
  );
  assertEquals(rows, [...EXPORT_FORMATS]);
});
