import { assertEquals } from "../../../tests/assert.ts";
import { Queue } from "./queue.ts";

Deno.test("Queue keeps the order over many rounds", () => {
  const fifo = new Queue<number>();
  let next = 0;
  let want = 0;
  for (let round = 0; round < 3000; round++) {
    fifo.push(next++);
    fifo.push(next++);
    assertEquals(fifo.peek(), want);
    assertEquals(fifo.shift(), want++);
  }
  assertEquals(fifo.length, 3000);
  fifo.clear();
  assertEquals(fifo.shift(), undefined);
});
