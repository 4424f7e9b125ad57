import { assert, assertEquals, assertStrictEquals } from "../../tests/assert.ts";
import { BufferPool } from "./buffer_pool.ts";

Deno.test("BufferPool never gives one buffer to two callers", () => {
  const pool = new BufferPool({ bufferBytes: 1000, buffers: 2 });
  const first = pool.acquire(10);
  const second = pool.acquire(10);
  assert(first.buffer !== second.buffer);
  pool.release(first);
  assertStrictEquals(pool.acquire(1000), first);
});

Deno.test("BufferPool allocates longer buffers and doesn't pool them", () => {
  const pool = new BufferPool({ bufferBytes: 1000, buffers: 2 });
  const long = pool.acquire(1001);
  assertEquals(long.length, 1001);
  pool.release(long);
  assert(pool.acquire(1001) !== long);
});

Deno.test("BufferPool keeps at most its limit of free buffers", () => {
  const pool = new BufferPool({ bufferBytes: 10, buffers: 1 });
  const [first, second] = [pool.acquire(1), pool.acquire(1)];
  pool.release(first);
  pool.release(second);
  assertStrictEquals(pool.acquire(1), first);
  assert(pool.acquire(1) !== second);
});
