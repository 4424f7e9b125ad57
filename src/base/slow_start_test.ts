import { assertEquals, assertRejects } from "../../tests/assert.ts";
import { neverAborted } from "./abort.ts";
import { mapBounded } from "./limiter.ts";
import { staggeredStart } from "./slow_start.ts";
import { after } from "./timer.ts";

/** Runs so many pieces of work that end together, and gives how many had begun at each turn of the event loop. */
async function begun(items: number, limit: number, step: number): Promise<readonly number[]> {
  const gate = Promise.withResolvers<void>();
  let running = 0;
  const seen: number[] = [];
  const { limit: first, onBegin } = staggeredStart(limit, step);
  const done = mapBounded(
    Array.from({ length: items }),
    first,
    async () => {
      running++;
      if (running === Math.min(items, limit)) gate.resolve();
      await gate.promise;
    },
    neverAborted(),
    (raise) =>
      onBegin((by) => {
        seen.push(running);
        raise(by);
      }),
  );
  await done;
  return seen;
}

Deno.test("ramp() begins a few at a time, and ends at its limit", async () => {
  assertEquals(await begun(100, 20, 8), [8, 16]);
});

Deno.test("ramp() to no more than a step needs no turn", async () => {
  assertEquals(await begun(3, 3, 8), []);
});

Deno.test("ramp() raises nothing any more once the work has failed", async () => {
  const { limit, onBegin } = staggeredStart(100, 2);
  let raised = 0;
  await assertRejects(
    () =>
      mapBounded(
        [1, 2, 3, 4],
        limit,
        () => Promise.reject(new RangeError("x")),
        neverAborted(),
        (raise) =>
          onBegin((by) => {
            raised++;
            raise(by);
          }),
      ),
    RangeError,
  );
  for (let turn = 0; turn < 3; turn++) await new Promise<void>((resolve) => after(0, resolve));
  assertEquals(raised, 0);
});
