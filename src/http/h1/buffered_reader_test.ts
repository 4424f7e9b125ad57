import { KIB } from "../../base/bytes.ts";
import { assertEquals, assertRejects } from "../../../tests/assert.ts";
import { BufferedReader } from "./buffered_reader.ts";

/** A connection whose reads return the listed results and then hang; each read takes `ms` milliseconds. */
function readerOf(reads: readonly (number | null | Error)[], ms = 0) {
  const results = [...reads];
  let now = 0;
  let calls = 0;
  const conn = {
    read(buffer: Uint8Array): Promise<number | null> {
      calls++;
      now += ms;
      const next = results.shift();
      if (next === undefined) return new Promise(() => {});
      if (next instanceof Error) return Promise.reject(next);
      if (next !== null) buffer.subarray(0, next).fill(calls);
      return Promise.resolve(next);
    },
  };
  return { reader: new BufferedReader(conn, () => now), calls: () => calls };
}

Deno.test("BufferedReader merges reads that follow quickly, in order, and reports each one", async () => {
  const { reader } = readerOf([16 * KIB, 16 * KIB, 5]);
  const reported: number[] = [];
  const buffer = new Uint8Array(64 * KIB);
  assertEquals(await reader.read(buffer, (bytes) => reported.push(bytes)), 32 * KIB + 5);
  assertEquals(reported, [16 * KIB, 16 * KIB]);
  assertEquals([buffer[0], buffer[16 * KIB], buffer[32 * KIB], buffer[32 * KIB + 5]], [1, 2, 3, 0]);
});

Deno.test("BufferedReader returns a short read immediately", async () => {
  const { reader, calls } = readerOf([1000]);
  assertEquals(await reader.read(new Uint8Array(64 * KIB)), 1000);
  assertEquals(calls(), 1);
});

Deno.test("BufferedReader stops at 256 KiB, however large the buffer is", async () => {
  const { reader, calls } = readerOf(Array.from({ length: 100 }, () => 16 * KIB));
  assertEquals(await reader.read(new Uint8Array(1024 * KIB)), 256 * KIB);
  assertEquals(calls(), 16);
});

Deno.test("BufferedReader returns the bytes before an error, then throws the error", async () => {
  const { reader } = readerOf([16 * KIB, new RangeError("reset"), null]);
  const buffer = new Uint8Array(64 * KIB);
  assertEquals(await reader.read(buffer), 16 * KIB);
  await assertRejects(() => reader.read(buffer), RangeError, "reset");
});

Deno.test("BufferedReader returns the bytes before the end, then null", async () => {
  const { reader } = readerOf([16 * KIB, null, null]);
  const buffer = new Uint8Array(64 * KIB);
  assertEquals(await reader.read(buffer), 16 * KIB);
  assertEquals(await reader.read(buffer), null);
});

Deno.test("BufferedReader starts no read after its time limit, which begins after the first read", async () => {
  const { reader, calls } = readerOf(Array.from({ length: 100 }, () => 16 * KIB), 4);
  assertEquals(await reader.read(new Uint8Array(1024 * KIB)), 4 * 16 * KIB);
  assertEquals(calls(), 4);
});
