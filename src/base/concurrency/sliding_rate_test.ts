import { assertEquals } from "../../../tests/assert.ts";
import { SlidingRate } from "./sliding_rate.ts";

Deno.test("SlidingRate counts all bytes and milliseconds since the previous window", () => {
  const rate = new SlidingRate(250);
  const got = [[100, 100], [200, 149], [300, 151], [0, 249], [50, 1], [7, 700]].map(([bytes = 0, ms = 0]) =>
    rate.add(bytes, ms)
  );
  assertEquals(got, [undefined, undefined, 1500, undefined, 200, 10]);
  assertEquals(rate.latest, 10);
});
