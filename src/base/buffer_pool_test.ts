import { assert, assertEquals, assertStrictEquals } from "../../tests/assert.ts";
import { BufferPool } from "./buffer_pool.ts";

Deno.test("BufferPool gives a piece to one at a time", () => {
  const memory = new BufferPool({ pieceBytes: 1000, pieces: 2 });
  const first = memory.take(10);
  const second = memory.take(10);
  assert(first.buffer !== second.buffer);
  memory.give(first);
  assertStrictEquals(memory.take(1000), first);
});

Deno.test("BufferPool makes long pieces and keeps none", () => {
  const memory = new BufferPool({ pieceBytes: 1000, pieces: 2 });
  const long = memory.take(1001);
  assertEquals(long.length, 1001);
  memory.give(long);
  assert(memory.take(1001) !== long);
});

Deno.test("BufferPool keeps no more than it may", () => {
  const memory = new BufferPool({ pieceBytes: 10, pieces: 1 });
  const [first, second] = [memory.take(1), memory.take(1)];
  memory.give(first);
  memory.give(second);
  assertStrictEquals(memory.take(1), first);
  assert(memory.take(1) !== second);
});
