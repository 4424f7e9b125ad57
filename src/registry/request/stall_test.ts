import { assertEquals } from "../../../tests/assert.ts";
import { type Stall, StallDetector } from "./stall.ts";
import { TestClock } from "../../http/test_clock.ts";

const LIMITS = { minRate: 1000, windowMs: 30_000 };

function detecting() {
  const clock = new TestClock();
  const stalls: number[] = [];
  const found: Stall[] = [];
  const detector = new StallDetector(LIMITS, clock, (stall) => {
    found.push(stall);
    stalls.push(Math.round(stall.rate));
  });
  /** A read that waits `ms` for `bytes`. */
  const read = (ms: number, bytes: number) => {
    detector.startRead();
    clock.advance(ms);
    detector.endRead(bytes);
  };
  return { clock, stalls, found, detector, read };
}

Deno.test("Silence over the window is a stall", () => {
  const { clock, stalls, detector } = detecting();
  detector.startRead();
  clock.advance(29_999);
  assertEquals(stalls, []);
  clock.advance(1);
  assertEquals(stalls, [0]);
  assertEquals(clock.timers, 0);
});

Deno.test("A rate below the minimum is a stall", () => {
  const { stalls, read } = detecting();
  for (let i = 0; i < 31; i++) read(1000, 100);
  assertEquals(stalls, [97]);
});

Deno.test("A slow connection above the minimum is no stall, however long it takes", () => {
  const { stalls, read } = detecting();
  for (let i = 0; i < 1000; i++) read(1000, 1100);
  assertEquals(stalls, []);
});

Deno.test("Silence on a fast line is detected within seconds, whenever it starts", async (t) => {
  for (const before of [1, 10, 250, 299, 300, 301, 1234]) {
    await t.step(`after ${before / 10} s`, () => {
      const { clock, stalls, found, detector, read } = detecting();
      for (let i = 0; i < before; i++) read(100, 1_000_000);
      detector.startRead();
      clock.advance(4_900);
      assertEquals(stalls, []);
      clock.advance(1_100);
      assertEquals(found, [{ rate: 0, minRate: 10_000, windowMs: 5_000, wasFast: true }]);
    });
  }
});

Deno.test("A trickle on a fast line is a stall", () => {
  const { stalls, read } = detecting();
  for (let i = 0; i < 10; i++) read(1_000, 20_000_000);
  for (let i = 0; i < 6; i++) read(1_000, 5_000);
  assertEquals(stalls, [5_000]);
});

Deno.test("A line that becomes slow, but keeps the minimum of the fastest line, is no stall", () => {
  const { stalls, read } = detecting();
  for (let i = 0; i < 10; i++) read(1_000, 1_000_000_000);
  for (let i = 0; i < 100; i++) read(1_000, 70_000);
  assertEquals(stalls, []);
});

Deno.test("Silence on a slow line may last nearly a window", async (t) => {
  const lines = [["100 kB/s", 100, 10_000], ["a fast line with too few bytes", 1, 200_000]] as const;
  for (const [name, reads, bytes] of lines) {
    await t.step(name, () => {
      const { clock, stalls, found, detector, read } = detecting();
      for (let i = 0; i < reads; i++) read(100, bytes);
      detector.startRead();
      clock.advance(29_000);
      assertEquals(stalls, []);
      clock.advance(2_000);
      assertEquals([stalls.length, found[0]?.wasFast], [1, false]);
    });
  }
});

Deno.test("Bytes that arrived while the consumer was busy don't make a line fast", () => {
  const { clock, stalls, detector, read } = detecting();
  for (let i = 0; i < 100; i++) {
    read(1, 10_000);
    clock.advance(1_000);
  }
  detector.startRead();
  clock.advance(29_000);
  assertEquals(stalls, []);
});

Deno.test("The consumer's time doesn't count", () => {
  const { clock, stalls, read } = detecting();
  for (let i = 0; i < 100; i++) {
    read(10, 1);
    clock.advance(60_000);
  }
  assertEquals(stalls, []);
  assertEquals(clock.timers <= 1, true);
});

Deno.test("Time in which the whole process was blocked doesn't count", () => {
  const { clock, stalls, detector } = detecting();
  detector.startRead();
  clock.freeze(300_000);
  assertEquals(stalls, []);
  detector.endRead(64_000);
  detector.startRead();
  clock.advance(30_001);
  assertEquals(stalls, []);
});

Deno.test("Bytes that arrive while the timer is due count", () => {
  const { clock, stalls, detector } = detecting();
  detector.startRead();
  // The first check only suspects a stall; the read ends in the same turn.
  clock.advance(29_999);
  detector.endRead(0);
  detector.startRead();
  const stop = clock.after(1, () => detector.endRead(64_000));
  clock.advance(2);
  stop();
  assertEquals(stalls, []);
});

Deno.test("A disposed detector reports nothing", () => {
  const { clock, stalls, detector } = detecting();
  detector.startRead();
  detector[Symbol.dispose]();
  clock.advance(60_000);
  assertEquals([stalls.length, clock.timers], [0, 0]);
});

Deno.test("Bytes recorded during a read count once", () => {
  const { clock, stalls, detector } = detecting();
  for (let i = 0; i < 40; i++) {
    detector.startRead();
    detector.record(5_500);
    clock.advance(5_000);
    detector.endRead(5_500);
  }
  assertEquals(stalls, []);
  for (let i = 0; i < 8; i++) {
    detector.startRead();
    detector.record(2_750);
    clock.advance(5_000);
    detector.endRead(2_750);
  }
  // The first window that is too slow still contains one fast step.
  assertEquals(stalls, [917]);
});
