import { neverAborted } from "../../base/concurrency/abort.ts";
import { assertEquals, assertRejects, assertStrictEquals } from "../../../tests/assert.ts";
import { HostBackoff, HostBackoffs } from "./host_backoff.ts";
import { TestClock } from "../../http/test_clock.ts";

Deno.test("Without back-off nothing waits", async () => {
  const clock = new TestClock();
  await new HostBackoff(clock).wait(neverAborted());
  assertEquals(clock.slept, []);
});

Deno.test("All transfers wait for a back-off, and resume at different times", async () => {
  const clock = new TestClock();
  const backoff = new HostBackoff(clock);
  backoff.extend(10_000);
  assertEquals(backoff.remainingMs, 10_000);
  await Promise.all([backoff.wait(neverAborted()), backoff.wait(neverAborted())]);
  // The back-off, and half (the test clock's random number) of the spread of 10 %.
  assertEquals(clock.slept[0], 10_500);
  assertEquals(backoff.remainingMs, 0);
});

Deno.test("extend() never shortens a back-off", () => {
  const clock = new TestClock();
  const backoff = new HostBackoff(clock);
  backoff.extend(10_000);
  backoff.extend(1_000);
  assertEquals(backoff.remainingMs, 10_000);
});

Deno.test("An abort ends the wait with its own reason", async () => {
  const backoff = new HostBackoff(new TestClock());
  backoff.extend(1_000);
  await assertRejects(() => backoff.wait(AbortSignal.abort(new RangeError("enough"))), RangeError, "enough");
});

Deno.test("Each host has its own back-off", () => {
  const backoffs = new HostBackoffs(new TestClock());
  assertStrictEquals(backoffs.of("a:1"), backoffs.of("a:1"));
  backoffs.of("a:1").extend(5);
  assertEquals(backoffs.of("a:2").remainingMs, 0);
});
