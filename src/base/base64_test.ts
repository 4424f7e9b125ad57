import { assertEquals, assertThrows } from "../../tests/assert.ts";
import { bytesFromBase64, decodeUserPassword, encodeUserPassword } from "./base64.ts";

Deno.test("bytesFromBase64() ignores white space and missing padding, and rejects everything else", async (t) => {
  const cases = [
    ["", []],
    ["dTpw", [0x75, 0x3a, 0x70]],
    ["dT\r\n pw\n", [0x75, 0x3a, 0x70]],
    ["/+8=", [0xff, 0xef]],
    ["/+8", [0xff, 0xef]],
  ] as const;
  for (const [text, want] of cases) {
    await t.step(JSON.stringify(text), () => assertEquals([...bytesFromBase64(text)], [...want]));
  }
  for (const text of ["dTpw=", "d", "dTpé", "_-8=", "dT=w"]) {
    await t.step(JSON.stringify(text), () => void assertThrows(() => bytesFromBase64(text)));
  }
});

Deno.test("decodeUserPassword() reads what encodeUserPassword() wrote", async (t) => {
  for (const [username, password] of [["u", "p"], ["", ""], ["ü\ufeff", "a:b:€"], ["\ufeffu", ""]] as const) {
    await t.step(JSON.stringify([username, password]), () => {
      assertEquals(decodeUserPassword(encodeUserPassword(username, password)), { username, password });
    });
  }
  assertEquals(encodeUserPassword("a", "ü:€"), btoa("a:\xc3\xbc:\xe2\x82\xac"));
});

Deno.test("decodeUserPassword() removes NUL padding and rejects everything else", () => {
  assertEquals(decodeUserPassword(btoa("u:p\0\0")), { username: "u", password: "p" });
  for (const text of ["%%%", btoa("secret"), btoa("\xff:\xff"), ""]) {
    assertEquals(decodeUserPassword(text), undefined, text);
  }
});
