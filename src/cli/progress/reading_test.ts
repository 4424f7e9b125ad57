import { assert, assertEquals, assertStringIncludes } from "../../../tests/assert.ts";
import { readEnvironment } from "../context/environment.ts";
import { testIo } from "../test_kit.ts";
import { lineWidth, paint } from "./line.ts";
import { readingLines, showReading } from "./reading.ts";

const text = (columns: number, bytes: number, size: number | undefined) =>
  readingLines(bytes, size, { columns, rows: 24 }, 4000).map((line) => paint(line, false)).join("\n");

Deno.test("readingLines() adapts to the width", () => {
  assertStringIncludes(text(80, 5_000_000, 10_000_000), "5.00MB/10.0MB read");
  assertEquals(text(30, 5_000_000, 10_000_000), "50% read");
  assertStringIncludes(text(80, 5_000_000, undefined), "5.00MB read");
  for (const columns of [1, 5, 20, 60]) {
    for (const size of [undefined, 10_000_000]) {
      for (const line of readingLines(5_000_000, size, { columns, rows: 24 }, 0)) {
        assert(lineWidth(line) < Math.max(2, columns));
      }
    }
  }
});

Deno.test("showReading() writes a heartbeat to a log, and nothing with --quiet", () => {
  for (const quiet of [false, true]) {
    const io = testIo();
    const ticks: (() => void)[] = [];
    const clock = {
      now: () => 61_000,
      every: (_: number, tick: () => void) => {
        ticks.push(tick);
        return () => ticks.splice(0);
      },
    };
    {
      const environment = readEnvironment(() => undefined, false);
      using progress = showReading(10_000_000, quiet, { io, environment, clock });
      progress.add(5_000_000);
      for (const tick of ticks) tick();
      assertEquals(progress.bytes(), 5_000_000);
    }
    assertEquals(io.err(), quiet ? "" : "[00:00:00] 5.00MB of 10.0MB read\n");
    assertEquals(ticks.length, 0);
  }
});
