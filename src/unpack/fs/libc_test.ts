import { assertEquals, assertStrictEquals } from "../../../tests/assert.ts";
import { decodeName } from "../../tar/name.ts";
import { NameBuffer } from "./libc.ts";

const nameIn = (bytes: Uint8Array) => decodeName(bytes.subarray(0, bytes.indexOf(0)));

Deno.test("NameBuffer ends each name with a NUL, also after a longer name", async (t) => {
  const buffer = new NameBuffer();
  for (
    const [kind, name] of Object.entries({
      "long": "x".repeat(255),
      "short": "a",
      "empty": "",
      "more bytes than UTF-16 units": "ü€".repeat(80),
      "largest that fits": "€".repeat(1365),
      "may not fit": "y".repeat(1366),
      "too long for file systems": "z".repeat(70_000),
      "not UTF-8": decodeName(Uint8Array.of(0x61, 0xff, 0x62)),
      "short again": "b",
    })
  ) {
    await t.step(kind, () => assertEquals(nameIn(buffer.of(name)), name));
  }
});

Deno.test("NameBuffer reuses its buffer for common names", () => {
  const buffer = new NameBuffer();
  assertStrictEquals(buffer.of("a"), buffer.of("€".repeat(255)));
});
