import { neverAborted } from "../../base/abort.ts";
import { assertEquals, assertRejects, assertStrictEquals } from "../../../tests/assert.ts";
import { HostBackoff, HostBackoffs } from "./host_backoff.ts";
import { TestClock } from "../../http/test_clock.ts";

Deno.test("An open gate lets everyone pass without waiting", async () => {
  const clock = new TestClock();
  await new HostBackoff(clock).pass(neverAborted());
  assertEquals(clock.slept, []);
});

Deno.test("A closed gate holds all transfers, and spreads them when it opens", async () => {
  const clock = new TestClock();
  const gate = new HostBackoff(clock);
  gate.hold(10_000);
  assertEquals(gate.remaining, 10_000);
  await Promise.all([gate.pass(neverAborted()), gate.pass(neverAborted())]);
  // The wait, and half (the test clock's chance) of the spread of a tenth.
  assertEquals(clock.slept[0], 10_500);
  assertEquals(gate.remaining, 0);
});

Deno.test("A shorter wait doesn't open a gate earlier", () => {
  const clock = new TestClock();
  const gate = new HostBackoff(clock);
  gate.hold(10_000);
  gate.hold(1_000);
  assertEquals(gate.remaining, 10_000);
});

Deno.test("A transfer that gives up leaves the gate with its own reason", async () => {
  const gate = new HostBackoff(new TestClock());
  gate.hold(1_000);
  await assertRejects(() => gate.pass(AbortSignal.abort(new RangeError("enough"))), RangeError, "enough");
});

Deno.test("Each host has one gate", () => {
  const gates = new HostBackoffs(new TestClock());
  assertStrictEquals(gates.of("a:1"), gates.of("a:1"));
  gates.of("a:1").hold(5);
  assertEquals(gates.of("a:2").remaining, 0);
});
