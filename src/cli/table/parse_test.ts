import { AppError, messageOf } from "../../base/errors.ts";
import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "../../../tests/assert.ts";
import { COMMANDS } from "../commands.ts";
import { parseCommandLine } from "./parse.ts";

function inputOf(line: string) {
  const parsed = parseCommandLine(COMMANDS, line.split(" "));
  if (parsed.kind !== "run") throw new Error(`"${line}" is ${parsed.kind}`);
  return parsed;
}

/** Only the options that were given. */
function given(options: Readonly<Record<string, unknown>>) {
  return Object.fromEntries(
    Object.entries(options).filter(([name, value]) =>
      value !== false && !(Array.isArray(value) && value.length === 0) && !["log-format"].includes(name)
    ),
  );
}

Deno.test("parseCommandLine() finds the command, its arguments and its options", async (t) => {
  const auto = { progress: "auto" };
  const cases: readonly (readonly [line: string, args: unknown, options: unknown])[] = [
    ["pull a", { references: ["a"] }, auto],
    ["pull a b -- -c --d", { references: ["a", "b", "-c", "--d"] }, auto],
    ["pull -q true", { references: ["true"] }, { ...auto, quiet: true }],
    ["pull 7 -qj4", { references: ["7"] }, { ...auto, quiet: true, jobs: 4 }],
    ["pull a -j=4", { references: ["a"] }, { ...auto, jobs: 4 }],
    ["pull a --jobs 4 --jobs 5", { references: ["a"] }, { ...auto, jobs: 5 }],
    ["pull --username=-x -u 12 a", { references: ["a"] }, { ...auto, username: "12" }],
    ["pull --username=-x=y a", { references: ["a"] }, { ...auto, username: "-x=y" }],
    ["pull --ca-file 1 a --ca-file 2", { references: ["a"] }, { ...auto, "ca-file": ["1", "2"] }],
    ["--store /s images", {}, { store: "/s" }],
    ["images --store=/s x", { filter: "x" }, { store: "/s" }],
    ["gc", {}, { "partial-age": 24, wait: 10 }],
    ["tag a b", { image: "a", name: "b" }, {}],
    ["verify", { images: [] }, {}],
    ["help pull", { topic: "pull" }, {}],
  ];
  for (const [line, args, options] of cases) {
    await t.step(line, () => {
      const { input } = inputOf(line);
      assertEquals<unknown>({ ...input.args }, args);
      assertEquals<unknown>(given(input.options), options);
    });
  }
});

Deno.test("parseCommandLine() rejects mistakes, and suggests the nearest word", async (t) => {
  const cases: readonly (readonly [line: string, message: string])[] = [
    ["", 'unknown command ""'],
    ["pul x", 'unknown command "pul"; did you mean "pull"?'],
    ["frobnicate", 'unknown command "frobnicate"'],
    ["pull", "missing argument REF; usage: dray pull [OPTIONS] REF…"],
    ["tag a", "missing argument NAME; usage: dray tag [OPTIONS] IMAGE NAME"],
    ["images a b", 'unexpected argument "b"; usage: dray images [OPTIONS] [FILTER]'],
    ["df x", 'unexpected argument "x"; it takes no arguments'],
    ["pull --platfrom x y", 'unknown option "--platfrom"; did you mean "--platform"?'],
    ["pull --password x", 'unknown option "--password"; did you mean "--password-stdin"?'],
    ["pull --constructor=1 x", 'unknown option "--constructor"'],
    ["pull --__proto__ x", 'unknown option "--__proto__"'],
    ["pull -qz x", 'unknown option "-z"'],
    ["--platform x pull y", 'option "--platform" must follow its command, for example: dray pull --platform'],
    ["pull x --platform", 'option "--platform" needs a value: --platform OS/ARCH[/VARIANT]'],
    ["pull x --platform=", 'option "--platform" needs a value'],
    ["pull --username -x y", '(if "-x" is the value, write --username=-x)'],
    ["pull --quiet=yes x", 'option "--quiet" takes no value'],
    ["pull -j x y", 'option "--jobs" is "x", must be a whole number from 1 to 64'],
    ["pull -j 0 y", 'option "--jobs" is "0", must be a whole number from 1 to 64'],
    ["pull -j 1e1 y", 'option "--jobs" is "1e1"'],
    [
      "pull --progress jsn y",
      'is "jsn", must be auto, tty, plain, json or none; did you mean "json"?',
    ],
  ];
  for (const [line, message] of cases) {
    await t.step(line, () => {
      const error = assertThrows(() => parseCommandLine(COMMANDS, line.split(" ")));
      assertInstanceOf(error, AppError);
      assertEquals(error.code, "invalid_argument");
      assertStringIncludes(messageOf(error), message);
      assertStringIncludes(String(error.details.usage), "--help");
    });
  }
});

Deno.test("parseCommandLine() returns help even if the rest of the line is wrong", () => {
  assertEquals(parseCommandLine(COMMANDS, ["pull", "--bogus", "-h"]), {
    kind: "help",
    command: { name: "pull", spec: COMMANDS.pull },
  });
  assertEquals(parseCommandLine(COMMANDS, ["--help", "pull"]), {
    kind: "help",
    command: { name: "pull", spec: COMMANDS.pull },
  });
  assertEquals(parseCommandLine(COMMANDS, ["--help"]), { kind: "help" });
  assertEquals(parseCommandLine(COMMANDS, ["--version"]), { kind: "version" });
  assertEquals(inputOf("pull -- --help").input.args, { references: ["--help"] });
});
