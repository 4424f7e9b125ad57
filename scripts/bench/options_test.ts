import { assertEquals, assertThrows } from "../../tests/assert.ts";
import { descendantsOf } from "./descendants.ts";
import { optionsOf } from "./options.ts";
import { prefaultBytesFor } from "./compare.ts";

Deno.test("optionsOf() selects everything by default, and less with --quick", () => {
  const full = optionsOf([]);
  assertEquals([full.scale, full.runs, full.only, full.networks.length], ["full", 5, "ABCDSEFGUL", 7]);
  const quick = optionsOf(["--quick"]);
  assertEquals([quick.scale, quick.runs, quick.only], ["quick", 1, "ABCDSEFG"]);
});

Deno.test("optionsOf() rejects unknown options and values", async (t) => {
  const cases: readonly (readonly [string, string])[] = [
    ["--fast", `"--fast"`],
    ["--only X", `--only "X"`],
    ["--networks moon", `--networks "moon"`],
    ["--runs 0", `--runs "0"`],
    ["--form wasm", `--form "wasm"`],
    ["--tune RANGE_WORKERS_MAX", `--tune "RANGE_WORKERS_MAX"`],
    ["--tune A=1;b=2", `--tune "b=2"`],
  ];
  for (const [line, want] of cases) {
    await t.step(line, () => {
      assertThrows(() => optionsOf(line.split(" ")), Error, want);
    });
  }
});

Deno.test("optionsOf() reads the variants of --tune", () => {
  assertEquals(optionsOf(["--tune", "RANGE_WORKERS_MAX=4,16;RATE_WINDOW_MS=100"]).variants, [
    { constant: "RANGE_WORKERS_MAX", value: "4" },
    { constant: "RANGE_WORKERS_MAX", value: "16" },
    { constant: "RATE_WINDOW_MS", value: "100" },
  ]);
});

Deno.test("descendantsOf() finds children and grandchildren, also with lower pids", () => {
  const all = new Map(
    [[2, 9], [9, 5], [5, 1], [7, 1]].map(([pid, parent]) => [pid ?? 0, { parent: parent ?? 0 }]),
  );
  assertEquals(descendantsOf(5, all), [9, 2]);
  assertEquals(descendantsOf(2, all), []);
});

Deno.test("prefaultBytesFor() adds memory for the programs, up to a limit", () => {
  assertEquals(prefaultBytesFor(0), 512 * 1024 * 1024);
  assertEquals(prefaultBytesFor(1e12), 1000 * 1024 * 1024);
});
