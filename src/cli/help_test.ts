import { assert, assertStringIncludes } from "../../tests/assert.ts";
import { EXITS } from "./exit_codes.ts";
import { commandHelp, programHelp } from "./help.ts";
import { widthOf } from "./output/text.ts";
import { COMMAND_NAMES, commandOf } from "./table.ts";

Deno.test("programHelp() names every command and every exit code", () => {
  const help = programHelp(80);
  for (const name of COMMAND_NAMES) assertStringIncludes(help, `  ${name} `);
  for (const [code] of Object.values(EXITS)) assertStringIncludes(help, `\n  ${code} `);
});

Deno.test("commandHelp() names every option, argument and example, within the terminal's width", async (t) => {
  for (const name of COMMAND_NAMES) {
    await t.step(name, () => {
      const help = commandHelp(name, 80);
      const { options, positionals, examples } = commandOf(name);
      for (const option of Object.keys(options)) assertStringIncludes(help, `--${option}`);
      for (const { value } of Object.values(positionals)) assertStringIncludes(help, value);
      for (const { line } of examples) assertStringIncludes(help, line);
      const code = new Set(examples.map(({ line }) => `  ${line}`));
      for (const line of help.split("\n")) assert(code.has(line) || widthOf(line) < 80, line);
    });
  }
});
