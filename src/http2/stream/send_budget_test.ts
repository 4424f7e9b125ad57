import { assertEquals } from "../../../tests/assert.ts";
import { SendBudget } from "./send_budget.ts";

Deno.test("SendBudget stops a client that hoards, and never one with nothing waiting", async () => {
  const shared = { bytes: 0 };
  const limits = { queuedResponseBytes: 10, allQueuedResponseBytes: 15 };
  const one = new SendBudget(limits, shared);
  const two = new SendBudget(limits, shared);
  one.count(11);
  assertEquals([one.full, two.full], [true, false]);
  const room = one.room();
  two.count(5);
  assertEquals([one.full, two.full], [true, true]);
  one.count(-2);
  await room;
  assertEquals([one.full, two.full], [false, false]);
});
