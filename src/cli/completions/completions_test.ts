import { assertEquals, assertStringIncludes } from "../../../tests/assert.ts";
import { COMMANDS } from "../commands.ts";
import { helpNames } from "../help/help.ts";
import { bashCompletions } from "./bash.ts";
import { fishCompletions } from "./fish.ts";
import { zshCompletions } from "./zsh.ts";

const SHELLS = [["bash", bashCompletions], ["zsh", zshCompletions], ["fish", fishCompletions]] as const;

Deno.test("the scripts complete every command, option and help topic", async (t) => {
  for (const [shell, script] of SHELLS) {
    await t.step(shell, () => {
      const text = script(COMMANDS);
      for (const [name, { options }] of Object.entries(COMMANDS)) {
        assertStringIncludes(text, name);
        for (const option of Object.keys(options)) assertStringIncludes(text, option);
      }
      assertStringIncludes(text, helpNames(COMMANDS).join(" "));
    });
  }
});

async function hasProgram(name: string): Promise<boolean> {
  for (const directory of ["/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"]) {
    if (await Deno.stat(`${directory}/${name}`).catch(() => undefined)) return true;
  }
  return false;
}

Deno.test("the shells accept the scripts", async (t) => {
  for (const [shell, script] of SHELLS) {
    await t.step({
      name: shell,
      ignore: !await hasProgram(shell),
      fn: async () => {
        const directory = await Deno.makeTempDir();
        try {
          await Deno.writeTextFile(`${directory}/script`, script(COMMANDS));
          const args = ["-n", `${directory}/script`];
          const { success, stderr } = await new Deno.Command(shell, { args }).output();
          assertEquals([success, new TextDecoder().decode(stderr)], [true, ""]);
        } finally {
          await Deno.remove(directory, { recursive: true });
        }
      },
    });
  }
});

const BASH_LINES: readonly (readonly [line: string, replies: string])[] = [
  ["dray pul", "pull"],
  ["dray pull --pro", "--progress"],
  ["dray pull --progress ", "auto tty plain json none"],
  ["dray pull --progress=j", "json"],
  ["dray --store /tmp images --dig", "--digests"],
  ["dray --log-format j", "json"],
  ["dray rm docker.io/library/nginx:1", "1.27"],
  ["dray rm a b ghcr.io/a/b@sha256:a", "abcd"],
  ["dray tag a docker.io/library/nginx:l", "latest"],
  ["dray tag a b ", ""],
  ["dray completions ", "bash zsh fish"],
  ["dray help pu", "pull pulling"],
  ["dray help exi", "exit-codes"],
  ["dray permissions ver", "verify version"],
  ["dray pull -j 4 gh", "ghcr.io/a/b@sha256:abcd"],
];

Deno.test({
  name: "bash completes commands, options, their words, and images of the store",
  ignore: !await hasProgram("bash"),
  fn: async () => {
    const tries = BASH_LINES.map(([line]) => `try '${line}'`).join("\n");
    const program = `
dray() { printf '%s\\n' docker.io/library/nginx:latest docker.io/library/nginx:1.27 ghcr.io/a/b@sha256:abcd; }
${bashCompletions(COMMANDS)}
try() { COMP_LINE=$1; COMP_POINT=\${#1}; COMPREPLY=(); _dray; echo "\${COMPREPLY[*]}"; }
${tries}`;
    const { stdout, stderr } = await new Deno.Command("bash", { args: ["--norc", "-c", program] }).output();
    assertEquals(new TextDecoder().decode(stderr), "");
    assertEquals(
      new TextDecoder().decode(stdout).split("\n"),
      [...BASH_LINES.map(([, replies]) => replies), ""],
    );
  },
});
