import { assertEquals } from "../../../tests/assert.ts";
import { Deadlines } from "./deadlines.ts";

Deno.test("Deadlines runs what is due, and not what was taken back", async () => {
  const deadlines = new Deadlines();
  const ran: string[] = [];
  const now = performance.now();
  const back = deadlines.add(1, now, () => ran.push("taken back"));
  deadlines.add(3_600_000, now, () => ran.push("far"));
  deadlines.add(2 ** 40, now, () => ran.push("beyond any timer"));
  const { promise, resolve } = Promise.withResolvers<void>();
  deadlines.add(1, now, () => ran.push("due"));
  deadlines.add(2, now, resolve);
  back();
  await promise;
  assertEquals(ran, ["due"]);
  // Drops the far one's timer; the test runner would see it otherwise.
  deadlines.close();
});
