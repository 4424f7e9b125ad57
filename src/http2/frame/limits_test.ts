import { assertEquals, assertThrows } from "../../../tests/assert.ts";
import { resolveHttp2Limits } from "./limits.ts";

Deno.test("resolveHttp2Limits() refuses values out of range", () => {
  assertEquals(resolveHttp2Limits({ maxStreams: 5 }).maxStreams, 5);
  assertThrows(() => resolveHttp2Limits({ maxStreams: 0 }), Error, "maxStreams");
  assertThrows(() => resolveHttp2Limits({ resets: { burst: 1, perSecond: -1 } }), Error, "resets");
  assertThrows(() => resolveHttp2Limits({ streamWindowBytes: 2 ** 31 }), Error, "streamWindowBytes");
});
