import { assertEquals, assertStrictEquals } from "../../../tests/assert.ts";
import { decodeName } from "../../tar/name.ts";
import { NameBuffer } from "./libc.ts";

const seen = (bytes: Uint8Array) => decodeName(bytes.subarray(0, bytes.indexOf(0)));

Deno.test("NameBuffer ends each name with a NUL, whatever was there before", async (t) => {
  const buffer = new NameBuffer();
  for (
    const [kind, name] of Object.entries({
      "a long one": "x".repeat(255),
      "a short one": "a",
      "none": "",
      "one of more bytes than units": "ü€".repeat(80),
      "one that just fits": "€".repeat(1365),
      "one that may not fit": "y".repeat(1366),
      "one that no file system takes": "z".repeat(70_000),
      "one that is no UTF-8": decodeName(Uint8Array.of(0x61, 0xff, 0x62)),
      "a short one again": "b",
    })
  ) {
    await t.step(kind, () => assertEquals(seen(buffer.of(name)), name));
  }
});

Deno.test("NameBuffer takes no new memory for common names", () => {
  const buffer = new NameBuffer();
  assertStrictEquals(buffer.of("a"), buffer.of("€".repeat(255)));
});
