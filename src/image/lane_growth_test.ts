import { assertEquals } from "../../tests/assert.ts";
import { LaneGrowth } from "./lane_growth.ts";

const MB = 1_000_000;

/** What is raised, when so many megabytes come in each quarter of a second. */
function raisedBy(lanes: number, answerMs: number, windows: readonly number[]): readonly number[] {
  let now = 1000;
  const raised: number[] = [];
  const growth = new LaneGrowth(lanes, () => now);
  growth.start((by) => raised.push(by));
  now += answerMs;
  growth.answer();
  growth.answer();
  for (const megabytes of windows) {
    for (let i = 0; i < 10; i++) {
      now += 25;
      growth.note(megabytes * MB / 10);
    }
  }
  return raised;
}

Deno.test("Slow and steady connections get company, while that brings more", () => {
  assertEquals(raisedBy(2, 5, [10]), []);
  assertEquals(raisedBy(2, 5, [10, 10]), [2]);
  assertEquals(raisedBy(2, 5, [10, 10, 20, 20]), [2, 4]);
  assertEquals(raisedBy(2, 5, [10, 10, 20, 20, 40, 40, 80, 80]), [2, 4, 2]);
});

Deno.test("A line that is full, one that still gets faster, and one that is fast, are left as they are", () => {
  assertEquals(raisedBy(2, 5, [10, 10, 10, 10, 10]), [2]);
  assertEquals(raisedBy(2, 5, [10, 20, 40, 80]), []);
  assertEquals(raisedBy(2, 5, [200, 200, 200]), []);
  assertEquals(raisedBy(20, 100, [10, 10, 10]), []);
});

Deno.test("A host that is far away gets more connections with its first answer, and none that is near", () => {
  assertEquals(raisedBy(6, 100, []), [4]);
  assertEquals(raisedBy(6, 50, []), []);
});
