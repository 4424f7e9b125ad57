import { assertEquals } from "../../../tests/assert.ts";
import { Deadlines } from "./deadlines.ts";

Deno.test("Deadlines runs the callbacks that are due, but not cancelled ones", async () => {
  // Disposing cancels the timer of the far deadline, which the test runner would report otherwise.
  using deadlines = new Deadlines();
  const ran: string[] = [];
  const now = performance.now();
  const cancel = deadlines.add(1, now, () => ran.push("cancelled"));
  deadlines.add(3_600_000, now, () => ran.push("far"));
  deadlines.add(2 ** 40, now, () => ran.push("above the maximum of timers"));
  const { promise, resolve } = Promise.withResolvers<void>();
  deadlines.add(1, now, () => ran.push("due"));
  deadlines.add(2, now, resolve);
  cancel();
  // If the deadlines don't run, the test fails instead of hanging.
  const limit = setTimeout(resolve, 5000);
  await promise;
  clearTimeout(limit);
  assertEquals(ran, ["due"]);
});
