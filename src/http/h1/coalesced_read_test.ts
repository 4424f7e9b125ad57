import { KIB } from "../../base/bytes.ts";
import { assertEquals, assertRejects } from "../../../tests/assert.ts";
import { BufferedReader } from "./coalesced_read.ts";

/** A connection whose reads give what is listed, and then hang; each of them takes so many milliseconds. */
function giving(reads: readonly (number | null | Error)[], ms = 0) {
  const left = [...reads];
  let now = 0;
  let asked = 0;
  const conn = {
    read(buffer: Uint8Array): Promise<number | null> {
      asked++;
      now += ms;
      const next = left.shift();
      if (next === undefined) return new Promise(() => {});
      if (next instanceof Error) return Promise.reject(next);
      if (next !== null) buffer.subarray(0, next).fill(asked);
      return Promise.resolve(next);
    },
  };
  return { gatherer: new BufferedReader(conn, () => now), asked: () => asked };
}

Deno.test("A gatherer joins what comes quickly, in order, and tells of it meanwhile", async () => {
  const { gatherer } = giving([16 * KIB, 16 * KIB, 5]);
  const told: number[] = [];
  const buffer = new Uint8Array(64 * KIB);
  assertEquals(await gatherer.read(buffer, (bytes) => told.push(bytes)), 32 * KIB + 5);
  assertEquals(told, [16 * KIB, 16 * KIB]);
  assertEquals([buffer[0], buffer[16 * KIB], buffer[32 * KIB], buffer[32 * KIB + 5]], [1, 2, 3, 0]);
});

Deno.test("A gatherer gives little at once: more may be long in coming", async () => {
  const { gatherer, asked } = giving([1000]);
  assertEquals(await gatherer.read(new Uint8Array(64 * KIB)), 1000);
  assertEquals(asked(), 1);
});

Deno.test("A gatherer asks for no more when it has enough, however much would fit", async () => {
  const { gatherer, asked } = giving(Array.from({ length: 100 }, () => 16 * KIB));
  assertEquals(await gatherer.read(new Uint8Array(1024 * KIB)), 256 * KIB);
  assertEquals(asked(), 16);
});

Deno.test("A gatherer gives the bytes before a failure, then the failure", async () => {
  const { gatherer } = giving([16 * KIB, new RangeError("reset"), null]);
  const buffer = new Uint8Array(64 * KIB);
  assertEquals(await gatherer.read(buffer), 16 * KIB);
  await assertRejects(() => gatherer.read(buffer), RangeError, "reset");
});

Deno.test("A gatherer gives the bytes before the end, then the end", async () => {
  const { gatherer } = giving([16 * KIB, null, null]);
  const buffer = new Uint8Array(64 * KIB);
  assertEquals(await gatherer.read(buffer), 16 * KIB);
  assertEquals(await gatherer.read(buffer), null);
});

Deno.test("A gatherer begins no read when its time is over: the first one is not a part of it", async () => {
  const { gatherer, asked } = giving(Array.from({ length: 100 }, () => 16 * KIB), 4);
  assertEquals(await gatherer.read(new Uint8Array(1024 * KIB)), 4 * 16 * KIB);
  assertEquals(asked(), 4);
});
