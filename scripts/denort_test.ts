import { assertEquals, assertThrows } from "../tests/assert.ts";
import { endOfElf } from "./denort.ts";

function program(magic: string): Uint8Array {
  const bytes = new Uint8Array(400);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("\x7fELF"));
  view.setBigUint64(40, 200n, true);
  view.setUint16(58, 64, true);
  view.setUint16(60, 2, true);
  bytes.set(new TextEncoder().encode(magic), 328);
  return bytes;
}

Deno.test("endOfElf() finds the end of the runtime in a compiled program, and rejects other files", () => {
  assertEquals(endOfElf(program("d3n0l4nd")), 328);
  assertThrows(() => endOfElf(program("")), Error, "not made by deno compile");
  assertThrows(() => endOfElf(new Uint8Array(400)), Error, "not an ELF file");
});
