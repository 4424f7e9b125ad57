import { assertEquals, assertStrictEquals } from "../../../tests/assert.ts";
import { latin1, latin1Bytes } from "./latin1.ts";

Deno.test("latin1() reverses latin1Bytes(), whatever the size of the buffer", async (t) => {
  const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
  for (
    const [name, text] of [["nothing", ""], ["plain", "GET / HTTP/1.1\r\n"], ["every byte", all]] as const
  ) {
    for (const size of [0, 8, 300]) {
      await t.step(`${name} in ${size} bytes`, () => {
        const bytes = latin1Bytes(text, new Uint8Array(size));
        assertEquals([...bytes], [...text].map((character) => character.charCodeAt(0)));
        assertEquals(latin1(bytes), text);
      });
    }
  }
});

Deno.test("latin1Bytes() uses the given buffer if the text is short enough", () => {
  const given = new Uint8Array(10);
  assertStrictEquals(latin1Bytes("abc", given).buffer, given.buffer);
});
