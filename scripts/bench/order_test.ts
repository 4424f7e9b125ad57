import { assert, assertEquals } from "../../tests/assert.ts";
import { interleaved, orderOf } from "./order.ts";

Deno.test("orderOf() has each program once per round, and each first equally often", async (t) => {
  for (const count of [1, 2, 3, 4, 8, 9]) {
    await t.step(`${count} contenders`, () => {
      const firsts = new Map<number, number>();
      for (let round = 0; round < 2 * count; round++) {
        const order = orderOf(count, round);
        assertEquals(order.toSorted((a, b) => a - b), Array.from({ length: count }, (_, i) => i));
        firsts.set(order[0] ?? -1, (firsts.get(order[0] ?? -1) ?? 0) + 1);
      }
      assertEquals([...firsts.values()], Array.from({ length: count }, () => 2));
    });
  }
});

Deno.test("orderOf() lets each program follow each other program equally often", async (t) => {
  for (const count of [2, 3, 5, 8, 9]) {
    await t.step(`${count} contenders`, () => {
      const rounds = 2 * count;
      const pairs = new Map<string, number>();
      for (let round = 0; round < rounds; round++) {
        const order = orderOf(count, round);
        for (let i = 1; i < count; i++) {
          const pair = `${order[i - 1]} then ${order[i]}`;
          pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
        }
      }
      assertEquals(pairs.size, count * (count - 1));
      assert([...pairs.values()].every((times) => times === 2), JSON.stringify([...pairs]));
    });
  }
});

Deno.test("interleaved() returns the items in the order of the round", () => {
  assertEquals(interleaved(["a", "b", "c"], 0), ["a", "b", "c"]);
  assertEquals(interleaved(["a", "b", "c"], 1), ["c", "b", "a"]);
  assertEquals(interleaved([], 3), []);
});
