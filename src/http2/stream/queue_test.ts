import { assertEquals } from "../../../tests/assert.ts";
import { Fifo } from "./queue.ts";

Deno.test("Fifo keeps the order over many rounds", () => {
  const fifo = new Fifo<number>();
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
