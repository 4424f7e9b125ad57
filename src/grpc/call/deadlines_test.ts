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

Deno.test("Deadlines keeps no timers for deadlines that are far away and cancelled", () => {
  using deadlines = new Deadlines();
  for (let i = 0; i < 1000; i++) deadlines.add(3_600_000 + 100 * i, 0, () => {})();
  assertEquals(deadlines.timers, 0);
  const cancel = deadlines.add(3_600_000, 0, () => {});
  deadlines.add(3_600_000, 0, () => {});
  cancel();
  assertEquals(deadlines.timers, 1);
  // Usual deadlines share a timer, which isn't created for each call.
  deadlines.add(120_000, 0, () => {})();
  assertEquals(deadlines.timers, 2);
});
