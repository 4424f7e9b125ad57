import { assertEquals } from "../../../tests/assert.ts";
import { Queue } from "./queue.ts";

Deno.test("Queue returns items in their order over many rounds", () => {
  const queue = new Queue<number>();
  let next = 0;
  let want = 0;
  for (let round = 0; round < 3000; round++) {
    queue.push(next++);
    queue.push(next++);
    assertEquals(queue.peek(), want);
    assertEquals(queue.shift(), want++);
  }
  assertEquals(queue.length, 3000);
  queue.clear();
  assertEquals(queue.shift(), undefined);
});
