import { assertEquals, assertMatch, assertNotEquals } from "./assert.ts";

const HELPER = new URL("random.ts", import.meta.url).href;

/** Draws values in another process. */
async function drawn(seed?: string): Promise<{ readonly seed: string; readonly values: string }> {
  const code = `import { seededRandom } from ${JSON.stringify(HELPER)};
    for (const draw of [seededRandom(), seededRandom(1)]) {
      console.log("drew", Array.from({ length: 100 }, () => draw(2 ** 32)).join(" "));
    }
    const draw = seededRandom();
    const values = new Set(Array.from({ length: 1000 }, () => draw(3)));
    console.log("of 3:", [...values].sort().join(" "));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", code],
    env: seed === undefined ? {} : { DRAY_TEST_SEED: seed },
  }).output();
  const text = new TextDecoder().decode(stdout);
  return {
    seed: /^DRAY_TEST_SEED=(\d+)$/m.exec(text)?.[1] ?? "",
    values: text.split("\n").filter((line) => !line.startsWith("DRAY_TEST_SEED=")).join("\n"),
  };
}

Deno.test("seededRandom() draws the same values again from the seed that it printed", async () => {
  const first = await drawn();
  assertMatch(first.seed, /^\d+$/);
  assertEquals(await drawn(first.seed), first);
  assertNotEquals((await drawn(String(Number(first.seed) + 1))).values, first.values);
});

Deno.test("seededRandom() draws every value below the limit, and other ones per stream", async () => {
  const [main, other, range] = (await drawn("7")).values.split("\n");
  assertNotEquals(main, other);
  assertEquals(range, "of 3: 0 1 2");
});
