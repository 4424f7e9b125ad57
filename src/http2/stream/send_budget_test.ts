import { assertEquals } from "../../../tests/assert.ts";
import { SendBudget } from "./send_budget.ts";

Deno.test("SendBudget stops a client that doesn't read, but never one without queued bytes", async () => {
  const shared = { bytes: 0 };
  const limits = { queuedResponseBytes: 10, allQueuedResponseBytes: 15 };
  const one = new SendBudget(limits, shared);
  const two = new SendBudget(limits, shared);
  one.count(11);
  assertEquals([one.full, two.full], [true, false]);
  const notFull = one.whenNotFull();
  two.count(5);
  assertEquals([one.full, two.full], [true, true]);
  one.count(-2);
  await notFull;
  assertEquals([one.full, two.full], [false, false]);
});
