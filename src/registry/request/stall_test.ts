import { assertEquals } from "../../../tests/assert.ts";
import { StallWatch } from "./stall.ts";
import { TestClock } from "../../http/test_clock.ts";

const LIMITS = { floor: 1000, window: 30_000 };

function watching() {
  const clock = new TestClock();
  const stalls: number[] = [];
  const watch = new StallWatch(LIMITS, clock, (speed) => stalls.push(Math.round(speed)));
  /** A read that waits `ms` for `bytes`. */
  const read = (ms: number, bytes: number) => {
    watch.enter();
    clock.advance(ms);
    watch.leave(bytes);
  };
  return { clock, stalls, watch, read };
}

Deno.test("Silence over the window is a stall", () => {
  const { clock, stalls, watch } = watching();
  watch.enter();
  clock.advance(29_999);
  assertEquals(stalls, []);
  clock.advance(1);
  assertEquals(stalls, [0]);
  assertEquals(clock.timers, 0);
});

Deno.test("A trickle below the floor is a stall", () => {
  const { stalls, read } = watching();
  for (let i = 0; i < 31; i++) read(1000, 100);
  assertEquals(stalls, [97]);
});

Deno.test("A slow line above the floor is none, however long it takes", () => {
  const { stalls, read } = watching();
  for (let i = 0; i < 1000; i++) read(1000, 1100);
  assertEquals(stalls, []);
});

Deno.test("Silence after a fast start is found within little more than a window, whenever it begins", async (t) => {
  for (const before of [10, 250, 299, 300, 301, 1234]) {
    await t.step(`after ${before / 10} s`, () => {
      const { clock, stalls, watch, read } = watching();
      for (let i = 0; i < before; i++) read(100, 1_000_000);
      watch.enter();
      clock.advance(29_000);
      assertEquals(stalls, []);
      clock.advance(6_000);
      assertEquals(stalls, [0]);
    });
  }
});

Deno.test("Time that the consumer takes is not on the clock", () => {
  const { clock, stalls, read } = watching();
  for (let i = 0; i < 100; i++) {
    read(10, 1);
    clock.advance(60_000);
  }
  assertEquals(stalls, []);
  assertEquals(clock.timers <= 1, true);
});

Deno.test("Time in which the whole process stood still is not on the clock", () => {
  const { clock, stalls, watch } = watching();
  watch.enter();
  clock.freeze(300_000);
  assertEquals(stalls, []);
  watch.leave(64_000);
  watch.enter();
  clock.advance(30_001);
  assertEquals(stalls, []);
});

Deno.test("Bytes that arrived while the timer was due are seen before the verdict", () => {
  const { clock, stalls, watch } = watching();
  watch.enter();
  // The first look only suspects; the read ends in the same turn.
  clock.advance(29_999);
  watch.leave(0);
  watch.enter();
  const stop = clock.after(1, () => watch.leave(64_000));
  clock.advance(2);
  stop();
  assertEquals(stalls, []);
});

Deno.test("A watch that was disposed says nothing any more", () => {
  const { clock, stalls, watch } = watching();
  watch.enter();
  watch[Symbol.dispose]();
  clock.advance(60_000);
  assertEquals([stalls.length, clock.timers], [0, 0]);
});

Deno.test("Bytes that a read has and has not given count while it waits for more, and once", () => {
  const { clock, stalls, watch } = watching();
  for (let i = 0; i < 40; i++) {
    watch.enter();
    watch.note(5_500);
    clock.advance(5_000);
    watch.leave(5_500);
  }
  assertEquals(stalls, []);
  for (let i = 0; i < 8; i++) {
    watch.enter();
    watch.note(2_750);
    clock.advance(5_000);
    watch.leave(2_750);
  }
  // The first window that is too slow still has a step of the fast ones.
  assertEquals(stalls, [917]);
});
