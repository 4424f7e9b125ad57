import { assertEquals } from "../../tests/assert.ts";
import { SlidingRate } from "./sliding_rate.ts";

Deno.test("A speed is that of all bytes and milliseconds since the last one", () => {
  const speeds = new SlidingRate(250);
  const got = [[100, 100], [200, 149], [300, 151], [0, 249], [50, 1], [7, 700]].map(([bytes = 0, ms = 0]) =>
    speeds.add(bytes, ms)
  );
  assertEquals(got, [undefined, undefined, 1500, undefined, 200, 10]);
});
