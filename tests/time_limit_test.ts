import { assertEquals, assertMatch } from "./assert.ts";

const PRELOAD = new URL("time_limit.ts", import.meta.url).href;

/** Tests in every form that `Deno.test` accepts. */
const TESTS = `
const forever = () => new Promise((resolve) => setTimeout(resolve, 60_000));
Deno.test("before", () => {});
Deno.test("options in the middle", { timeout: 200 }, forever);
Deno.test({ name: "one object", timeout: 200, fn: forever });
Deno.test({ timeout: 200 }, async function named() {
  await forever();
});
Deno.test("a step", { timeout: 200 }, async (t) => {
  await t.step("hangs", forever);
});
Deno.test({ name: "skipped", ignore: true, fn: forever });
Deno.test.ignore("also skipped", forever);
Deno.test(function short() {});
Deno.test("throws", () => {
  throw new Error("for its own reason");
});
Deno.test("after", async (t) => {
  await t.step("runs", () => {});
});
`;

/** Runs a file of tests, and returns the report. */
async function report(tests: string): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "dray-limit-" });
  try {
    const file = `${directory}/sample_test.ts`;
    await Deno.writeTextFile(file, tests);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-config", "--no-check", "--quiet", `--preload=${PRELOAD}`, file],
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(code, 1, new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a test that exceeds its limit fails by name and limit, and the others still run", async () => {
  const text = await report(TESTS);
  for (const name of ["options in the middle", "one object", "named", "a step"]) {
    // The message is ours or Deno's, whichever timer fires first.
    assertMatch(
      text,
      new RegExp(
        `^${name} => .*sample_test.ts:\\d+:\\d+\nerror: .*(Test timed out after 200ms|its limit of 0.2 s)`,
        "m",
      ),
    );
  }
  assertMatch(text, /^throws => .*sample_test.ts:\d+:\d+\nerror: Error: for its own reason/m);
  for (const name of ["before", "short", "after"]) {
    assertMatch(text, new RegExp(`^${name} \\.\\.\\.[^]*? ok`, "m"));
  }
  assertMatch(text, /\| 3 passed \(1 step\) \| 5 failed .*\| 2 ignored/);
});

Deno.test("a test that is the only one keeps its limit", async () => {
  const text = await report(`
    Deno.test("left out", () => {});
    Deno.test.only("alone", { timeout: 200 }, () => new Promise((resolve) => setTimeout(resolve, 60_000)));
  `);
  assertMatch(text, /alone => [^]*(Test timed out after 200ms|its limit of 0.2 s)/);
  assertMatch(text, /\| 0 passed \| 1 failed \| 1 filtered out/);
});
