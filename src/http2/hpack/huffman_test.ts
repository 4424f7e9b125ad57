import { assertEquals, assertThrows } from "../../../tests/assert.ts";
import { h2CodeOf } from "../frame/protocol_error.ts";
import { decodeHuffman } from "./huffman.ts";
import { CODE_LENGTHS } from "./huffman_table.ts";

function decode(hex: string): string {
  const bytes = Uint8Array.fromHex(hex.replaceAll(" ", ""));
  return decodeHuffman(bytes, 0, bytes.length);
}

/** Returns the canonical codes, as strings of bits. */
function codes(): string[] {
  const order = CODE_LENGTHS.map((length, symbol) => ({ length, symbol }));
  order.sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  const result: string[] = [];
  let code = 0n;
  let last = 0;
  for (const { length, symbol } of order) {
    code <<= BigInt(length - last);
    last = length;
    result[symbol] = code.toString(2).padStart(length, "0");
    code++;
  }
  return result;
}

function encode(text: string, padding = "1"): Uint8Array {
  const table = codes();
  let bits = [...text].map((char) => table[char.charCodeAt(0)]).join("");
  while (bits.length % 8 !== 0) bits += padding;
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => parseInt(byte, 2));
}

Deno.test("decodeHuffman() decodes the strings of RFC 7541, appendix C", async (t) => {
  const cases: [hex: string, want: string][] = [
    ["f1e3 c2e5 f23a 6ba0 ab90 f4ff", "www.example.com"],
    ["a8eb 1064 9cbf", "no-cache"],
    ["25a8 49e9 5ba9 7d7f", "custom-key"],
    ["25a8 49e9 5bb8 e8b4 bf", "custom-value"],
    ["6402", "302"],
    ["", ""],
  ];
  for (const [hex, want] of cases) await t.step(want, () => assertEquals(decode(hex), want));
});

Deno.test("decodeHuffman() decodes each byte, separately and in a longer string", () => {
  const all = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
  for (const text of [...all, all.join(""), all.reverse().join("")]) {
    const bytes = encode(text);
    assertEquals(decodeHuffman(bytes, 0, bytes.length), text);
  }
});

Deno.test("decodeHuffman() refuses wrong padding and the EOS symbol", async (t) => {
  const refused: [name: string, bytes: Uint8Array][] = [
    ["padding of zeros", encode("a", "0")],
    ["a full byte of padding", Uint8Array.of(...encode("0000000a"), 0xff)],
    ["the EOS symbol", Uint8Array.of(0xff, 0xff, 0xff, 0xff)],
    ["the EOS symbol, then text", Uint8Array.of(0xff, 0xff, 0xff, 0xfc, 0x00)],
  ];
  for (const [name, bytes] of refused) {
    await t.step(name, () => {
      const error = assertThrows(() => decodeHuffman(bytes, 0, bytes.length));
      assertEquals(h2CodeOf(error), 9);
    });
  }
});
