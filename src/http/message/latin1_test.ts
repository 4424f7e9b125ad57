import { assertEquals, assertStrictEquals } from "../../../tests/assert.ts";
import { latin1, latin1Bytes } from "./latin1.ts";

Deno.test("Text and bytes are the same, one character a byte, whatever room there is", async (t) => {
  const all = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i));
  for (
    const [name, text] of [["nothing", ""], ["plain", "GET / HTTP/1.1\r\n"], ["every byte", all]] as const
  ) {
    for (const room of [0, 8, 300]) {
      await t.step(`${name} in ${room}`, () => {
        const bytes = latin1Bytes(text, new Uint8Array(room));
        assertEquals([...bytes], [...text].map((character) => character.charCodeAt(0)));
        assertEquals(latin1(bytes), text);
      });
    }
  }
});

Deno.test("latin1Bytes() uses the memory that it is given if the text fits there", () => {
  const memory = new Uint8Array(10);
  assertStrictEquals(latin1Bytes("abc", memory).buffer, memory.buffer);
});
