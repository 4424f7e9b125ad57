import { assertEquals } from "../../../tests/assert.ts";
import { TokenBucket } from "./token_bucket.ts";

Deno.test("TokenBucket allows its burst and then its rate", () => {
  const bucket = new TokenBucket({ burst: 2, perSecond: 10 }, 0);
  assertEquals([bucket.take(0), bucket.take(0), bucket.take(0)], [true, true, false]);
  assertEquals([bucket.take(100), bucket.take(100)], [true, false]);
  assertEquals([bucket.take(10_000), bucket.take(10_000), bucket.take(10_000)], [true, true, false]);
});
