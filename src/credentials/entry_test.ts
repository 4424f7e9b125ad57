import { assert, assertEquals, assertThrows } from "../../tests/assert.ts";
import { seededRandom } from "../../tests/random.ts";
import { AppError, isCode } from "../base/errors.ts";
import type { Credential } from "../content/credential.ts";
import { decodeEntry, encodeEntry } from "./entry.ts";

const basic = (username: string, password: string): Credential => ({ kind: "basic", username, password });

const ENTRIES: [what: string, entry: unknown, want: Credential | undefined][] = [
  ["auth", { auth: btoa("user:password") }, basic("user", "password")],
  ["a password with colons", { auth: btoa("user:a:b:") }, basic("user", "a:b:")],
  ["an empty password", { auth: btoa("user:") }, basic("user", "")],
  ["NUL bytes at the end", { auth: btoa("user:password\0\0") }, basic("user", "password")],
  ["base64 without padding", { auth: btoa("user:pas").replaceAll("=", "") }, basic("user", "pas")],
  ["UTF-8", { auth: "asO2cmc6cMOkc3M=" }, basic("j\u00f6rg", "p\u00e4ss")],
  ["fields", { username: "user", password: "a:b" }, basic("user", "a:b")],
  ["auth before fields", { auth: btoa("a:b"), username: "c", password: "d" }, basic("a", "b")],
  ["fields beside an empty auth", { auth: "", username: "c", password: "d" }, basic("c", "d")],
  ["an identity token", { auth: btoa("00000000-0000:"), identitytoken: "t" }, {
    kind: "refresh",
    token: "t",
  }],
  ["a registry token", { identitytoken: "t", registrytoken: "r" }, { kind: "bearer", token: "r" }],
  ["an empty object", {}, undefined],
  ["only an email address", { email: "a@b" }, undefined],
  ["null", null, undefined],
];

Deno.test("decodeEntry() reads every form of an entry", async (t) => {
  for (const [what, entry, want] of ENTRIES) {
    await t.step(what, () => assertEquals(decodeEntry(entry, "file"), want));
  }
});

const BROKEN: [what: string, entry: unknown, message: string][] = [
  ["invalid base64", { auth: "secret!" }, 'Cannot read file: "auth" is not base64 of USER:PASSWORD'],
  ["no colon", { auth: btoa("secret") }, "is not base64 of USER:PASSWORD"],
  ["no user", { auth: btoa(":secret") }, "is not base64 of USER:PASSWORD"],
  ["invalid UTF-8", { auth: btoa("secret:\xff") }, "is not base64 of USER:PASSWORD"],
  ["a registry token of two lines", { registrytoken: "secret\nsecret" }, '"registrytoken" contains blanks'],
  ["a number", { auth: 1 }, 'Cannot read file, "auth": expected a string'],
  ["a list", ["secret"], "Cannot read file: expected an object"],
];

Deno.test("decodeEntry() rejects malformed entries without quoting them", async (t) => {
  for (const [what, entry, message] of BROKEN) {
    await t.step(what, () => {
      const error = assertThrows(() => decodeEntry(entry, "file"), AppError, message);
      assertEquals(error.code, "invalid_content");
      assert(!Deno.inspect(error).includes("secret"));
    });
  }
});

Deno.test("decodeEntry() is the inverse of encodeEntry() for any user and password", () => {
  const next = seededRandom();
  const text = (length: number) =>
    Array.from({ length }, () => String.fromCodePoint(1 + next([127, 0x7ff, 0xd7fe][next(3)] ?? 1))).join("");
  for (let i = 0; i < 2000; i++) {
    const credential = basic(text(1 + next(20)).replaceAll(":", ";"), text(next(40)));
    assertEquals(decodeEntry(encodeEntry(credential), "file"), credential);
  }
});

Deno.test("decodeEntry() accepts any text as auth or rejects it as invalid content", () => {
  const next = seededRandom();
  const letters = "ABCabc019+/=-_ :\n\0\u00e4";
  for (let i = 0; i < 5000; i++) {
    const raw = Array.from({ length: next(24) }, () => letters[next(letters.length)]).join("");
    const bytes = Array.from({ length: next(24) }, () => String.fromCharCode(next(256))).join("");
    for (const auth of [raw, btoa(bytes)]) {
      try {
        const credential = decodeEntry({ auth }, "file");
        assert(
          credential === undefined ? auth === "" : credential.kind === "basic" && credential.username !== "",
        );
      } catch (error) {
        assert(isCode(error, "invalid_content"), String(error));
      }
    }
  }
});

Deno.test("encodeEntry() writes tokens, and rejects names that the format can't represent", () => {
  assertEquals(encodeEntry({ kind: "refresh", token: "t" }), { identitytoken: "t" });
  assertEquals(encodeEntry({ kind: "bearer", token: "t" }), { registrytoken: "t" });
  for (const credential of [basic("", "p"), basic("a:b", "p"), basic("a", "p\0")]) {
    assertEquals(assertThrows(() => encodeEntry(credential), AppError).code, "invalid_argument");
  }
});
