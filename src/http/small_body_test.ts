import { AppError } from "../base/errors.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../../tests/assert.ts";
import { TestClock } from "./test_clock.ts";
import { readWithinTime } from "./small_body.ts";

/** A read that ends only when its response is disposed: with an error, or as if the body had ended. */
function pendingBody(end: "error" | "end") {
  const read = Promise.withResolvers<string>();
  let disposed = 0;
  const response = {
    [Symbol.dispose]() {
      disposed++;
      if (end === "error") read.reject(new TypeError("closed"));
      else read.resolve("truncated");
    },
  };
  return { response, read: () => read.promise, disposed: () => disposed };
}

Deno.test("readWithinTime() limits the time to 30 s for each 64 KiB that are accepted", async (t) => {
  const cases = [[0, 30], [100, 30], [65_536, 30], [65_537, 60], [4 * 1_048_576, 1920]] as const;
  for (const [maxBytes, seconds] of cases) {
    for (const end of ["error", "end"] as const) {
      await t.step(`${maxBytes} bytes, ${end}`, async () => {
        const clock = new TestClock();
        const { response, read, disposed } = pendingBody(end);
        const body = { response, host: "h.test", what: "the body", maxBytes };
        const failing = assertRejects(() => readWithinTime(body, clock, read), AppError);
        clock.advance(seconds * 1000 - 1);
        assertEquals(disposed(), 0);
        clock.advance(1);
        const error = await failing;
        assertEquals([error.code, disposed(), clock.timers], ["network", 1, 0]);
        assertStringIncludes(error.message, `host "h.test" did not send all of it within ${seconds} s`);
      });
    }
  }
});

Deno.test("readWithinTime() returns the result or the failure of a read in time, and stops its timer", async () => {
  const clock = new TestClock();
  const body = { response: { [Symbol.dispose]() {} }, host: "h.test", what: "the body", maxBytes: 1 };
  assertEquals(await readWithinTime(body, clock, () => Promise.resolve("all")), "all");
  await assertRejects(
    () => readWithinTime(body, clock, () => Promise.reject(new RangeError("bad"))),
    RangeError,
  );
  assertEquals(clock.timers, 0);
});
