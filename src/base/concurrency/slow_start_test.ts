import { assertEquals, assertRejects } from "../../../tests/assert.ts";
import { neverAborted } from "./abort.ts";
import { mapBounded } from "./limiter.ts";
import { staggeredStart } from "./slow_start.ts";
import { after } from "./timer.ts";

/** Runs tasks that end together. @returns how many had started at each later turn of the event loop */
async function startedPerTurn(items: number, limit: number, step: number): Promise<readonly number[]> {
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

Deno.test("staggeredStart() starts a few tasks per turn, up to its limit", async () => {
  assertEquals(await startedPerTurn(100, 20, 8), [8, 16]);
});

Deno.test("staggeredStart() starts everything immediately if that is at most one step", async () => {
  assertEquals(await startedPerTurn(3, 3, 8), []);
});

Deno.test("staggeredStart() starts nothing more after a failure", async () => {
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
