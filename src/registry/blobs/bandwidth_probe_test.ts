import { assert, assertEquals } from "../../../tests/assert.ts";
import { neverAborted } from "../../base/abort.ts";
import { MIB } from "../../base/bytes.ts";
import type { MonitoredResponse } from "../request/monitored_response.ts";
import type { OpenRange } from "./parallel_ranges.ts";
import { BandwidthProbe, probeBytesFor } from "./bandwidth_probe.ts";
import { TestClock } from "../../http/test_clock.ts";
import { someBytes } from "../test_remote.ts";

const SIZE = 40 * MIB + 17;
const BYTES = someBytes(SIZE);
const SPEED = 10 * MIB;
const TAIL_BYTES = 6 * MIB;

/** A connection that gives a mebibyte when it is told to. */
function pump() {
  const turns: PromiseWithResolvers<void>[] = [];
  const ranges: (readonly [number, number])[] = [];
  const open: OpenRange = (first, end) => {
    ranges.push([first, end]);
    let at = first;
    return Promise.resolve(
      {
        async read(buffer: Uint8Array) {
          const turn = Promise.withResolvers<void>();
          turns.push(turn);
          await turn.promise;
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
  const give = async () => {
    await settle();
    turns.shift()?.resolve();
    await settle();
  };
  return { open, ranges, give };
}

Deno.test("A probe fetches the last part, and wishes for help if the first connection kept its speed", async (t) => {
  // What the first connection brings in each tenth of a second, in which the second brings as much as one alone.
  const cases = [["kept", MIB, true], ["nearly kept", 0.85 * MIB, true], [
    "shared the line",
    MIB / 2,
    false,
  ]] as const;
  for (const [what, bytes, want] of cases) {
    await t.step(what, async () => {
      const clock = new TestClock();
      const { open, ranges, give } = pump();
      using probe = new BandwidthProbe({ size: SIZE, speed: SPEED }, open, clock, neverAborted());
      assertEquals(ranges, [[SIZE - TAIL_BYTES, SIZE]]);
      for (let i = 0; i < TAIL_BYTES / MIB; i++) {
        assert(!probe.isWhole);
        assert(!probe.takeWish());
        clock.advance(100);
        probe.note(bytes);
        await give();
      }
      assert(probe.isWhole);
      assertEquals([probe.takeWish(), probe.takeWish()], [want, false]);
      const got = new Uint8Array(TAIL_BYTES);
      for (let at = 0; at < got.length;) at += probe.read(probe.first + at, got.subarray(at, at + 1_000_000));
      assertEquals(got, BYTES.slice(SIZE - TAIL_BYTES));
    });
  }
});

Deno.test("A probe is judged before its end where the host answers soon, and not by one burst where it is far", async (t) => {
  // Milliseconds to the answer, what the first connection brings in each tenth of a second, and in which it is known.
  const cases = [
    ["near", 1, [1, 1], 0],
    ["far, two bursts", 100, [0, 2, 0, 2], 3],
    ["far, and the line is full", 100, [2, 0, 0, 0], undefined],
  ] as const;
  for (const [what, latency, bursts, want] of cases) {
    await t.step(what, async () => {
      const clock = new TestClock();
      const { open, give } = pump();
      const answer = Promise.withResolvers<void>();
      const far: OpenRange = async (...range) => {
        await answer.promise;
        return await open(...range);
      };
      using probe = new BandwidthProbe({ size: SIZE, speed: SPEED }, far, clock, neverAborted());
      clock.advance(latency);
      answer.resolve();
      await give();
      await give();
      let wishedAt: number | undefined;
      for (const [i, mebibytes] of bursts.entries()) {
        probe.note(mebibytes * MIB);
        clock.advance(100);
        await give();
        if (probe.takeWish()) wishedAt ??= i;
      }
      assertEquals(wishedAt, want);
      assertEquals(probe.latency, latency);
    });
  }
});

Deno.test("The last part is as long as it takes to compare, within bounds", () => {
  const cases = [[MIB, 4 * MIB], [10 * MIB, 6 * MIB], [1000 * MIB, 16 * MIB]] as const;
  for (const [speed, bytes] of cases) assertEquals(probeBytesFor(speed), bytes);
});

Deno.test("A probe that is refused, or ends early, has nothing and wishes for nothing", async () => {
  const short: OpenRange = () =>
    Promise.resolve(
      { read: () => Promise.resolve(null), [Symbol.dispose]() {} } as unknown as MonitoredResponse,
    );
  for (const open of [short, () => Promise.reject(new Error("no ranges"))]) {
    using probe = new BandwidthProbe({ size: SIZE, speed: SPEED }, open, new TestClock(), neverAborted());
    for (let i = 0; i < 20; i++) await Promise.resolve();
    probe.note(100 * MIB);
    assertEquals([probe.isWhole, probe.takeWish()], [false, false]);
  }
});
