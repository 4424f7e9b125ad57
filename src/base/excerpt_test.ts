import { assertEquals } from "../../tests/assert.ts";
import { AppError } from "./errors.ts";
import { excerpt } from "./excerpt.ts";

Deno.test("excerpt() returns short text unchanged, and the beginning and end of a long one", () => {
  assertEquals(excerpt("", 9), "");
  assertEquals(excerpt("123456789", 9), "123456789");
  assertEquals(excerpt("0123456789", 9), "012345…89");
});

Deno.test("AppError limits its message and its details, and keeps the cause at the end", () => {
  const name = "x".repeat(100_000);
  const { message, details } = new AppError(
    "invalid_content",
    `Cannot unpack "${name}": its target is empty`,
    {
      details: { name, names: [name, "short"], count: 1 },
    },
  );
  assertEquals(message.length, 2000);
  assertEquals(message.slice(0, 20), 'Cannot unpack "xxxxx');
  assertEquals(message.slice(-23), 'x": its target is empty');
  assertEquals(String(details.name).length, 2000);
  assertEquals((details.names as readonly string[]).map(({ length }) => length), [2000, 5]);
  assertEquals(details.count, 1);
  assertEquals(new AppError("internal", "Cannot x: y").message, "Cannot x: y");
});
