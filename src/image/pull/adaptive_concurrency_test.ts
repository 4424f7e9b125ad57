import { assertEquals } from "../../../tests/assert.ts";
import { AdaptiveConcurrency } from "./adaptive_concurrency.ts";

const MB = 1_000_000;

/** What is raised, when so many megabytes come in each quarter of a second. */
function raisedBy(
  lanes: number,
  answerMs: number,
  windows: readonly number[],
  isBusy = false,
): readonly number[] {
  let now = 1000;
  const raised: number[] = [];
  const growth = new AdaptiveConcurrency(lanes, () => now);
  growth.start((by) => raised.push(by));
  now += answerMs;
  if (isBusy) growth.giveUp();
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

Deno.test("A line that is full gets company once; one that changes, or is fast, none", () => {
  assertEquals(raisedBy(2, 5, [10, 10, 10, 10, 10]), [2]);
  assertEquals(raisedBy(2, 5, [2, 4, 8, 16]), []);
  assertEquals(raisedBy(2, 5, [16, 8, 4, 2]), []);
  assertEquals(raisedBy(2, 5, [30, 30, 30]), []);
  assertEquals(raisedBy(20, 100, [10, 10, 10]), []);
});

Deno.test("A host that is far away gets more connections with its first answer, and none that is near", () => {
  assertEquals(raisedBy(6, 100, []), [4]);
  assertEquals(raisedBy(6, 50, []), []);
});

Deno.test("A host that asks for patience gets no more connections, however late it answers", () => {
  assertEquals(raisedBy(6, 5000, [10, 10, 10], true), []);
});
