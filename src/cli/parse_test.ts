import { AppError, messageOf } from "../base/errors.ts";
import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "../../tests/assert.ts";
import { parseCommandLine } from "./parse.ts";

function inputOf(line: string) {
  const parsed = parseCommandLine(line.split(" "));
  if (parsed.kind !== "run") throw new Error(`"${line}" is ${parsed.kind}`);
  return parsed;
}

/** Options without the ones that nobody gave. */
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
    ["help pull", { command: "pull" }, {}],
  ];
  for (const [line, args, options] of cases) {
    await t.step(line, () => {
      const { input } = inputOf(line);
      assertEquals<unknown>({ ...input.args }, args);
      assertEquals<unknown>(given(input.options), options);
    });
  }
});

Deno.test("parseCommandLine() refuses what is wrong, and names the nearest word", async (t) => {
  const cases: readonly (readonly [line: string, message: string])[] = [
    ["", 'there is no command ""'],
    ["pul x", 'there is no command "pul", the nearest is "pull"'],
    ["frobnicate", 'there is no command "frobnicate"'],
    ["pull", "argument REF is missing, want REF…"],
    ["tag a", "argument NAME is missing, want IMAGE NAME"],
    ["images a b", 'unexpected argument "b", want [FILTER]'],
    ["df x", 'unexpected argument "x", want no arguments'],
    ["pull --platfrom x y", 'unknown option "--platfrom", the nearest is "--platform"'],
    ["pull --password x", 'unknown option "--password", the nearest is "--password-stdin"'],
    ["pull --constructor=1 x", 'unknown option "--constructor"'],
    ["pull --__proto__ x", 'unknown option "--__proto__"'],
    ["pull -qz x", 'unknown option "-z"'],
    ["--platform x pull y", 'option "--platform" belongs after its command'],
    ["pull x --platform", 'option "--platform" has no value, want --platform OS/ARCH[/VARIANT]'],
    ["pull x --platform=", 'option "--platform" has no value'],
    ["pull --username -x y", "(or --username=-x if that is it)"],
    ["pull --quiet=yes x", 'option "--quiet" takes no value'],
    ["pull -j x y", 'option "--jobs" is "x", want a whole number from 1 to 64'],
    ["pull -j 0 y", 'option "--jobs" is "0", want a whole number from 1 to 64'],
    ["pull -j 1e1 y", 'option "--jobs" is "1e1"'],
    [
      "pull --progress jsn y",
      'is "jsn", want auto, tty, plain, json or none, the nearest is "json"',
    ],
  ];
  for (const [line, message] of cases) {
    await t.step(line, () => {
      const error = assertThrows(() => parseCommandLine(line.split(" ")));
      assertInstanceOf(error, AppError);
      assertEquals(error.code, "invalid_argument");
      assertStringIncludes(messageOf(error), message);
      assertStringIncludes(String(error.details.usage), "--help");
    });
  }
});

Deno.test("parseCommandLine() answers a call for help even where the rest is wrong", () => {
  assertEquals(parseCommandLine(["pull", "--bogus", "-h"]), { kind: "help", command: "pull" });
  assertEquals(parseCommandLine(["--help", "pull"]), { kind: "help", command: "pull" });
  assertEquals(parseCommandLine(["--help"]), { kind: "help" });
  assertEquals(parseCommandLine(["--version"]), { kind: "version" });
  assertEquals(inputOf("pull -- --help").input.args, { references: ["--help"] });
});
