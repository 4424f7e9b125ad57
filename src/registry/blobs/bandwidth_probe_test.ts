import { assert, assertEquals } from "../../../tests/assert.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { MIB } from "../../base/bytes.ts";
import type { MonitoredResponse } from "../request/monitored_response.ts";
import type { OpenRange } from "./parallel_ranges.ts";
import { BandwidthProbe, probeBytesFor } from "./bandwidth_probe.ts";
import { TestClock } from "../../http/test_clock.ts";
import { someBytes } from "../test_remote.ts";

const SIZE = 40 * MIB + 17;
const BYTES = someBytes(SIZE);
const RATE = 10 * MIB;
const PROBE_BYTES = 6 * MIB;

/** Connections that deliver a mebibyte when the test says so. */
function pump() {
  const reads: PromiseWithResolvers<void>[] = [];
  const ranges: (readonly [number, number])[] = [];
  const open: OpenRange = (first, end) => {
    ranges.push([first, end]);
    let at = first;
    return Promise.resolve(
      {
        async read(buffer: Uint8Array) {
          const pending = Promise.withResolvers<void>();
          reads.push(pending);
          await pending.promise;
          const part = BYTES.subarray(at, Math.min(end, at + Math.min(buffer.length, MIB)));
          buffer.set(part);
          at += part.length;
          return part.length;
        },
        [Symbol.dispose]() {},
      } as unknown as MonitoredResponse,
    );
  };
  const settle = async () => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  const deliver = async () => {
    await settle();
    reads.shift()?.resolve();
    await settle();
  };
  return { open, ranges, deliver };
}

Deno.test("A probe downloads the last part, and recommends a split if the first connection kept its throughput", async (t) => {
  // Bytes of the first connection in each tenth of a second, in which the second one receives as much as one
  // alone.
  const cases = [["kept", MIB, true], ["nearly kept", 0.85 * MIB, true], [
    "shared the link",
    MIB / 2,
    false,
  ]] as const;
  for (const [what, bytes, want] of cases) {
    await t.step(what, async () => {
      const clock = new TestClock();
      const { open, ranges, deliver } = pump();
      using probe = new BandwidthProbe({ size: SIZE, rate: RATE }, open, clock, neverAborted());
      assertEquals(ranges, [[SIZE - PROBE_BYTES, SIZE]]);
      for (let i = 0; i < PROBE_BYTES / MIB; i++) {
        assert(!probe.isComplete);
        assert(!probe.takeSplitDecision());
        clock.advance(100);
        probe.recordConnectionBytes(bytes);
        await deliver();
      }
      assert(probe.isComplete);
      assertEquals([probe.takeSplitDecision(), probe.takeSplitDecision()], [want, false]);
      const got = new Uint8Array(PROBE_BYTES);
      for (let at = 0; at < got.length;) at += probe.read(probe.first + at, got.subarray(at, at + 1_000_000));
      assertEquals(got, BYTES.slice(SIZE - PROBE_BYTES));
    });
  }
});

Deno.test("A probe decides before its end at a near host, and not by a single burst at a distant one", async (t) => {
  // Milliseconds to the response, MiB of the first connection in each tenth of a second, and when it decides.
  const cases = [
    ["near", 1, [1, 1], 0],
    ["distant, two bursts", 100, [0, 2, 0, 2], 3],
    ["distant, and the link is saturated", 100, [2, 0, 0, 0], undefined],
  ] as const;
  for (const [what, latency, bursts, want] of cases) {
    await t.step(what, async () => {
      const clock = new TestClock();
      const { open, deliver } = pump();
      const response = Promise.withResolvers<void>();
      const delayed: OpenRange = async (...range) => {
        await response.promise;
        return await open(...range);
      };
      using probe = new BandwidthProbe({ size: SIZE, rate: RATE }, delayed, clock, neverAborted());
      clock.advance(latency);
      response.resolve();
      await deliver();
      await deliver();
      let decidedAt: number | undefined;
      for (const [i, mebibytes] of bursts.entries()) {
        probe.recordConnectionBytes(mebibytes * MIB);
        clock.advance(100);
        await deliver();
        if (probe.takeSplitDecision()) decidedAt ??= i;
      }
      assertEquals(decidedAt, want);
      assertEquals(probe.latency, latency);
    });
  }
});

Deno.test("The last part is long enough to compare, within limits", () => {
  const cases = [[MIB, 4 * MIB], [10 * MIB, 6 * MIB], [1000 * MIB, 16 * MIB]] as const;
  for (const [rate, bytes] of cases) assertEquals(probeBytesFor(rate), bytes);
});

Deno.test("A probe that is refused or ends early delivers nothing and recommends nothing", async () => {
  const short: OpenRange = () =>
    Promise.resolve(
      { read: () => Promise.resolve(null), [Symbol.dispose]() {} } as unknown as MonitoredResponse,
    );
  for (const open of [short, () => Promise.reject(new Error("no ranges"))]) {
    using probe = new BandwidthProbe({ size: SIZE, rate: RATE }, open, new TestClock(), neverAborted());
    for (let i = 0; i < 20; i++) await Promise.resolve();
    probe.recordConnectionBytes(100 * MIB);
    assertEquals([probe.isComplete, probe.takeSplitDecision()], [false, false]);
  }
});
