import { assertEquals, assertThrows } from "../../../tests/assert.ts";
import { HpackDecoder } from "./decoder.ts";
import { encodeHeaderBlock } from "./encoder.ts";
import { h2CodeOf } from "../frame/protocol_error.ts";

const bytes = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""));

function lines(decoder: HpackDecoder, block: Uint8Array): string[] {
  return decoder.decode(block).fields.map(([name, value]) => `${name}: ${value}`);
}

const REQUESTS = [
  [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"],
  [":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com", "cache-control: no-cache"],
  [
    ":method: GET",
    ":scheme: https",
    ":path: /index.html",
    ":authority: www.example.com",
    "custom-key: custom-value",
  ],
];

Deno.test("HpackDecoder decodes the examples of RFC 7541, appendix C", async (t) => {
  const plain = [
    "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
    "8286 84be 5808 6e6f 2d63 6163 6865",
    "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
  ];
  const coded = [
    "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
    "8286 84be 5886 a8eb 1064 9cbf",
    "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
  ];
  for (const [name, blocks] of [["plain", plain], ["Huffman", coded]] as const) {
    await t.step(name, () => {
      const decoder = new HpackDecoder(4096);
      assertEquals(blocks.map((block) => lines(decoder, bytes(block))), REQUESTS);
    });
  }
});

Deno.test("HpackDecoder evicts entries when the table becomes smaller", () => {
  const decoder = new HpackDecoder(4096);
  const indexed = "4003 6161 6103 6262 62";
  assertEquals(lines(decoder, bytes(indexed)), ["aaa: bbb"]);
  assertEquals(lines(decoder, bytes("be")), ["aaa: bbb"]);
  // The entry needs 38 bytes; the table gets 38, then 37.
  assertEquals(lines(decoder, bytes("3f07 be")), ["aaa: bbb"]);
  assertThrows(() => lines(decoder, bytes("3f06 be")));
});

Deno.test("HpackDecoder refuses malformed blocks", async (t) => {
  const cases: [name: string, hex: string][] = [
    ["index 0", "80"],
    ["an index beyond the table", "be"],
    ["a truncated number", "ff"],
    ["a number too long", "ff ff ff ff ff ff 01"],
    ["a truncated string", "40 05 61"],
    ["a missing string", "40"],
    ["a missing value", "40 01 61"],
    ["a table size above ours", "3f e2 1f"],
    ["a table size after a field", "82 20"],
  ];
  for (const [name, hex] of cases) {
    await t.step(name, () => {
      const error = assertThrows(() => new HpackDecoder(4096).decode(bytes(hex)));
      assertEquals(h2CodeOf(error), 9);
    });
  }
  await t.step("accepted: the largest table size", () => {
    assertEquals(lines(new HpackDecoder(4096), bytes("3f e1 1f 82")), [":method: GET"]);
  });
});

Deno.test("HpackDecoder drops the fields of a list above the limit, and keeps the table in sync", () => {
  const decoder = new HpackDecoder(4096);
  const big = encodeHeaderBlock([["big", "x".repeat(3000)]]);
  // A field is added to the table and then repeated 60,000 times, with one byte each.
  const bomb = new Uint8Array(big.length + 60_000).fill(0xbe);
  bomb.set(big);
  bomb[0] = 0x40;
  const list = decoder.decode(bomb);
  assertEquals(list.tooLarge, true);
  assertEquals(list.fields.length, 1);
  assertEquals(lines(decoder, Uint8Array.of(0xbe))[0]?.length, 3005);
});

Deno.test("encodeHeaderBlock() uses indexes of the static table and literals for other fields", () => {
  const block = encodeHeaderBlock([[":status", "200"], ["content-type", "a"], ["grpc-status", "0"]]);
  assertEquals(block.toHex(), "88" + "0f100161" + "000b677270632d7374617475730130");
  assertEquals(lines(new HpackDecoder(4096), block), [":status: 200", "content-type: a", "grpc-status: 0"]);
  const long = encodeHeaderBlock([["a", "é".repeat(300)]]);
  assertEquals(lines(new HpackDecoder(4096), long), [`a: ${"é".repeat(300)}`]);
});
