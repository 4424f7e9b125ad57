import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { neverAborted } from "./abort.ts";
import { Flight } from "./flight.ts";

Deno.test("Flight runs once for parallel calls, and again afterwards", async () => {
  const flight = new Flight<number>();
  let runs = 0;
  const work = async () => {
    await Promise.resolve();
    return ++runs;
  };
  const call = () => flight.do("key", work, neverAborted());
  assertEquals(await Promise.all([call(), call(), call()]), [1, 1, 1]);
  assertEquals(await call(), 2);
});

Deno.test("Flight aborts the run only when its last caller has left", async () => {
  const flight = new Flight<void>();
  let seen: AbortSignal | undefined;
  const work = (signal: AbortSignal) => {
    seen = signal;
    return new Promise<void>((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  };
  const first = new AbortController();
  const second = new AbortController();
  const one = flight.do("key", work, first.signal);
  const two = flight.do("key", work, second.signal);
  first.abort(new RangeError("first"));
  await assertRejects(() => one, RangeError, "first");
  assert(seen && !seen.aborted);
  second.abort(new RangeError("second"));
  await assertRejects(() => two, RangeError, "second");
  assert(seen.aborted);
});
