import { assert, assertEquals } from "../../../../tests/assert.ts";
import { COMMANDS } from "../../commands.ts";
import { parseCommandLine } from "../../table/parse.ts";

Deno.test("the words after the command of dray permissions are another command line", async (t) => {
  const lines:
    readonly (readonly [words: string, command: string, args: readonly string[], json: boolean])[] = [
      ["permissions pull --json -q nginx", "pull", ["--json", "-q", "nginx"], false],
      ["permissions --json pull nginx", "pull", ["nginx"], true],
      ["permissions --store /s images --store /t", "images", ["--store", "/t"], false],
      ["permissions pull -- -odd", "pull", ["--", "-odd"], false],
    ];
  for (const [words, command, args, json] of lines) {
    await t.step(words, () => {
      const parsed = parseCommandLine(COMMANDS, words.split(" "));
      assert(parsed.kind === "run");
      assertEquals(parsed.input.args, { command, args });
      assertEquals(parsed.input.options.json, json);
    });
  }
});
