import { assertEquals } from "../../../tests/assert.ts";
import {
  encodeFrame,
  encodeGoAway,
  encodeResetStream,
  encodeWindowUpdate,
  readUint31,
  readUint32,
} from "./frame.ts";

Deno.test("frames are encoded as in RFC 9113", async (t) => {
  const cases: [name: string, frame: Uint8Array, want: number[]][] = [
    ["PING", encodeFrame(6, 1, 0, Uint8Array.of(1, 2)), [0, 0, 2, 6, 1, 0, 0, 0, 0, 1, 2]],
    ["RST_STREAM", encodeResetStream(5, 8), [0, 0, 4, 3, 0, 0, 0, 0, 5, 0, 0, 0, 8]],
    ["WINDOW_UPDATE", encodeWindowUpdate(0, 0x01020304), [0, 0, 4, 8, 0, 0, 0, 0, 0, 1, 2, 3, 4]],
    [
      "GOAWAY",
      encodeGoAway(0x7fffffff, 11, "hi"),
      [0, 0, 10, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 11, 0x68, 0x69],
    ],
  ];
  for (const [name, frame, want] of cases) await t.step(name, () => assertEquals([...frame], want));
});

Deno.test("readUint32() returns the top bit and readUint31() ignores it", () => {
  const bytes = Uint8Array.of(0xff, 0xff, 0xff, 0xfe);
  assertEquals(readUint32(bytes, 0), 0xfffffffe);
  assertEquals(readUint31(bytes, 0), 0x7ffffffe);
});
