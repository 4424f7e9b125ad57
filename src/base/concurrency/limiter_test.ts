import { assertEquals, assertRejects } from "../../../tests/assert.ts";
import { neverAborted } from "./abort.ts";
import { Limiter, mapBounded } from "./limiter.ts";

Deno.test("mapBounded() keeps the order and the limit", async () => {
  let running = 0;
  let most = 0;
  const results = await mapBounded([3, 1, 2, 0], 2, async (item) => {
    most = Math.max(most, ++running);
    for (let i = 0; i < item; i++) await Promise.resolve();
    running--;
    return item * 10;
  }, neverAborted());
  assertEquals(results, [30, 10, 20, 0]);
  assertEquals(most, 2);
});

Deno.test("mapBounded() starts more items when the limit is raised, up to their number", async () => {
  let running = 0;
  let most = 0;
  const gates = Array.from({ length: 7 }, () => Promise.withResolvers<void>());
  let raise = (_by: number) => {};
  const mapping = mapBounded(
    gates,
    2,
    async (gate, _, position) => {
      most = Math.max(most, ++running);
      await gate.promise;
      running--;
      return position;
    },
    neverAborted(),
    (given) => {
      raise = given;
    },
  );
  raise(3);
  assertEquals([running, most], [5, 5]);
  raise(100);
  assertEquals(running, 7);
  for (const gate of gates) gate.resolve();
  assertEquals(await mapping, [0, 1, 2, 3, 4, 5, 6]);
});

Deno.test("mapBounded() aborts the rest at the first failure and throws that one", async () => {
  const started: number[] = [];
  await assertRejects(
    () =>
      mapBounded([1, 2, 3, 4], 2, (item, signal) => {
        started.push(item);
        if (item === 1) return Promise.reject(new RangeError("one"));
        return new Promise<void>((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        });
      }, neverAborted()),
    RangeError,
    "one",
  );
  assertEquals(started, [1, 2]);
});

Deno.test("Limiter skips a waiter that was aborted", async () => {
  const limiter = new Limiter(1);
  const first = await limiter.acquire(neverAborted());
  const aborted = new AbortController();
  const skipped = limiter.acquire(aborted.signal);
  const next = limiter.acquire(neverAborted());
  aborted.abort(new RangeError("gone"));
  await assertRejects(() => skipped, RangeError, "gone");
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  (await next)[Symbol.dispose]();
  (await limiter.acquire(neverAborted()))[Symbol.dispose]();
});
