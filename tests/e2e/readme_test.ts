import { COMMANDS } from "../../src/cli/commands.ts";
import { findCommand } from "../../src/cli/table/types.ts";
import config from "../../deno.json" with { type: "json" };
import { assert, assertEquals } from "../assert.ts";
import { run, Server } from "../real/child.ts";
import { sandbox } from "./program.ts";

const ROOT = new URL("../../", import.meta.url);
const PAPERS = [
  "README.md",
  "CHANGELOG.md",
  "src/README.md",
  "scripts/bench/README.md",
  ".github/CONTRIBUTING.md",
  ".github/SECURITY.md",
];

const textOf = (path: string) => Deno.readTextFile(new URL(path, ROOT));

/** The shell blocks below a heading. */
function shellBlocks(text: string, heading: string): readonly string[] {
  const section = text.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = ""]) => block);
}

Deno.test("every command line in the documentation that runs dray from its sources has --no-prompt", async () => {
  const texts = [await textOf("README.md"), await textOf("src/cli/help/topics/permissions.ts")];
  const lines = texts.flatMap((text) => text.match(/deno run .*main\.ts.*/g) ?? []);
  assertEquals([lines.length, lines.filter((line) => !line.includes("--no-prompt"))], [3, []]);
});

Deno.test("The first steps of the README run as they are written", async () => {
  const [serve = "", steps = ""] = shellBlocks(await textOf("README.md"), "First steps");
  assertEquals(serve.trim(), "deno task registry");
  const registryScript = new URL("scripts/demo_registry.ts", ROOT).pathname;
  await using box = await sandbox();
  await using registry = new Server(Deno.execPath(), ["run", "-A", registryScript, "--port", "0"]);
  const [, port] = await registry.until(/^serving 127\.0\.0\.1:(\d+)\/demo\/hello:1\.1$/);
  const program = box.words.map((word) => `'${word}'`).join(" ");
  const script = `set -eu\ndray() { ${program} "$@"; }\n${
    steps.replaceAll("localhost:5000", `localhost:${port}`)
  }`;
  const { code, stdout, stderr } = await run("bash", ["-c", script], {
    cwd: box.directory,
    env: box.environment,
    clearEnv: true,
  });
  assertEquals(code, 0, stderr + stdout);
  assertEquals(await Deno.readTextFile(`${box.directory}/hello/etc/greeting`), "good day\n");
});

Deno.test("Each task and each command in the papers exists", async (t) => {
  for (const paper of PAPERS) {
    await t.step(paper, async () => {
      const text = await textOf(paper);
      const tasks = [...text.matchAll(/deno(?:@[\d.]+)? task ([a-z][\w:]*)/g)].map(([, name = ""]) => name);
      for (const name of tasks) assert(name in config.tasks, `there is no task "${name}"`);
      const shell = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = ""]) => block).join("");
      const commands = [
        ...text.matchAll(/`dray ([a-z][a-z-]*)/g),
        ...shell.matchAll(/^dray ([a-z][a-z-]*)/gm),
      ]
        .map(([, name = ""]) => name);
      for (const name of commands) {
        assert(findCommand(COMMANDS, name) !== undefined, `there is no command "${name}"`);
      }
    });
  }
});

Deno.test("Each relative link in the papers leads to a file", async (t) => {
  for (const paper of PAPERS) {
    await t.step(paper, async () => {
      const base = new URL(paper, ROOT);
      for (const [, target = ""] of (await textOf(paper)).matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        assert((await Deno.stat(new URL(target, base))).isFile, target);
      }
    });
  }
});

Deno.test("Each path in src/README.md exists", async (t) => {
  const paths = [...(await textOf("src/README.md")).matchAll(/`([a-z0-9_]+(?:\/[a-z0-9_.]+)*(?:\/|\.ts))`/g)];
  for (const path of new Set(paths.map(([, path = ""]) => path))) {
    await t.step(path, async () => {
      const found = await Promise.all(
        ["src/", ""].map((base) => Deno.stat(new URL(`${base}${path}`, ROOT)).then(() => true, () => false)),
      );
      // Directories of a store are described as well.
      assert(found.includes(true) || ["locks/", "locks/content/", "layers/"].includes(path), path);
    });
  }
});
