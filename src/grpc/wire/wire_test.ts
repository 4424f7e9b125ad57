import { assertEquals, assertThrows } from "../../../tests/assert.ts";
import { findText, lengthField, numberField, readFields } from "./wire.ts";

Deno.test("fields are encoded as in Protocol Buffers", () => {
  assertEquals(numberField(1, 150).toHex(), "089601");
  assertEquals(lengthField(2, "testing").toHex(), "120774657374696e67");
  assertEquals(lengthField(3, [numberField(1, 150)]).toHex(), "1a03089601");
  assertEquals(lengthField(1000, "").toHex(), "c23e00");
});

Deno.test("readFields() skips unknown fields", () => {
  const message = Uint8Array.of(
    9,
    ...new Uint8Array(8),
    13,
    1,
    2,
    3,
    4,
    ...lengthField(2, "a"),
    ...numberField(3, 2 ** 40),
  );
  assertEquals([...readFields(message)].map((field) => [field.number, field.type]), [[2, "bytes"], [
    3,
    "varint",
  ]]);
  assertEquals(findText(message, 2), "a");
});

Deno.test("readFields() refuses truncated and malformed messages", async (t) => {
  for (const hex of ["08", "0880", "1205616263", "0d0102", "0b", "08ffffffffffffffffffff01"]) {
    await t.step(hex, () => {
      assertThrows(() => [...readFields(Uint8Array.fromHex(hex))], Error, "malformed");
    });
  }
});
