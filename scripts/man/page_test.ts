import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../tests/assert.ts";
import { VARIABLES } from "../../src/cli/environment.ts";
import { COMMAND_NAMES, commandOf } from "../../src/cli/table.ts";
import { manPage, VARIABLE_MEANINGS } from "./page.ts";
import { request, roff } from "./roff.ts";

const PAGE = manPage("1.2.3", "2026-11-24");

Deno.test("the man page has every command and every option", async (t) => {
  for (const name of COMMAND_NAMES) {
    await t.step(name, () => {
      assertStringIncludes(PAGE, `.SS "${roff(`dray ${name}`)}`);
      for (const option of Object.keys(commandOf(name).options)) {
        assertStringIncludes(PAGE, roff(`--${option}`));
      }
    });
  }
});

Deno.test("the man page explains every variable but the many spellings of proxies", () => {
  const names = new Set<string>(Object.values(VARIABLES).flat().filter((name) => !/_proxy$/i.test(name)));
  assertEquals(new Set(Object.keys(VARIABLE_MEANINGS)), names);
});

Deno.test("no line of the man page is a request that was not meant as one", () => {
  for (const line of PAGE.split("\n")) {
    if (line.startsWith(".")) assertMatch(line, /^\.(TH|SH|SS|TP|PP|B|BR)\b/);
    assert(!line.startsWith("'"), line);
  }
});

Deno.test("roff() leaves nothing that would be understood", () => {
  assertEquals(roff(".a\n'b \\c -d"), "\\&.a\n\\(aqb \\ec \\-d");
  assertEquals(request("B", 'say "x"'), '.B "say \\(dqx\\(dq"');
});
