import { assert, assertEquals } from "../../tests/assert.ts";
import { neverAborted } from "../base/abort.ts";
import { MIB } from "../base/bytes.ts";
import type { Connection } from "./connection.ts";
import { type OpenRange, PART_BYTES } from "./range_team.ts";
import { TailProbe } from "./tail_probe.ts";
import { TestClock } from "./test_clock.ts";
import { someBytes } from "./test_remote.ts";

const SIZE = 40 * MIB + 17;
const BYTES = someBytes(SIZE);
const SPEED = 10 * MIB;

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
      } as unknown as Connection,
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
      using probe = new TailProbe({ size: SIZE, speed: SPEED }, open, clock, neverAborted());
      assertEquals(ranges, [[SIZE - PART_BYTES, SIZE]]);
      for (let i = 0; i < PART_BYTES / MIB; i++) {
        assert(!probe.isWhole);
        assert(!probe.takeWish());
        clock.advance(100);
        probe.note(bytes);
        await give();
      }
      assert(probe.isWhole);
      assertEquals([probe.takeWish(), probe.takeWish()], [want, false]);
      const got = new Uint8Array(PART_BYTES);
      for (let at = 0; at < got.length;) at += probe.read(probe.first + at, got.subarray(at, at + 1_000_000));
      assertEquals(got, BYTES.slice(SIZE - PART_BYTES));
    });
  }
});

Deno.test("A probe that is refused, or ends early, has nothing and wishes for nothing", async () => {
  const short: OpenRange = () =>
    Promise.resolve({ read: () => Promise.resolve(null), [Symbol.dispose]() {} } as unknown as Connection);
  for (const open of [short, () => Promise.reject(new Error("no ranges"))]) {
    using probe = new TailProbe({ size: SIZE, speed: SPEED }, open, new TestClock(), neverAborted());
    for (let i = 0; i < 20; i++) await Promise.resolve();
    probe.note(100 * MIB);
    assertEquals([probe.isWhole, probe.takeWish()], [false, false]);
  }
});
