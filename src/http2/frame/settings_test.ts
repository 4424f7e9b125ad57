import { assertEquals, assertThrows } from "../../../tests/assert.ts";
import { h2CodeOf } from "./protocol_error.ts";
import { decodeSettings } from "./settings.ts";
import { settingFrame } from "../test_client.ts";

Deno.test("decodeSettings() returns the used settings and refuses values out of range", () => {
  const decode = (id: number, value: number) => decodeSettings(settingFrame(id, value).subarray(9));
  assertEquals(decode(4, 5), { windowBytes: 5 });
  assertEquals(decode(5, 20_000), {});
  assertEquals(decode(99, 1), {});
  const refused: [id: number, value: number, code: number][] = [
    [2, 2, 1],
    [4, 2 ** 31, 3],
    [5, 16_383, 1],
    [5, 2 ** 24, 1],
  ];
  for (const [id, value, code] of refused) {
    assertEquals(h2CodeOf(assertThrows(() => decode(id, value))), code);
  }
  assertEquals(h2CodeOf(assertThrows(() => decodeSettings(new Uint8Array(5)))), 6);
});
