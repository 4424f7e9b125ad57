import { encode } from "../../compress/test_encoder.ts";
import { SecretSet } from "../../base/secret_set.ts";
import { assert, assertEquals } from "../../../tests/assert.ts";
import { readErrorBody } from "./error_body.ts";
import type { HttpResponse } from "../../http/message/http_message.ts";
import { streamReader } from "../../http/message/stream_reader.ts";
import { TestClock } from "../../http/test_clock.ts";

const CASES: readonly (readonly [text: string, code: string, message: string])[] = [
  ['{"errors":[{"code":"DENIED","message":"no","detail":null},{"code":"X"}]}', "DENIED", "no"],
  ['{"errors":[{"code":"DENIED","message":"","detail":"why"}]}', "DENIED", "why"],
  ['{"errors":[{"code":"DENIED"}]}', "DENIED", "DENIED"],
  ['{"errors":[{"code":5,"message":["x"]}]}', "", ""],
  ['{"errors":[]}', "", ""],
  ['{"details":"incorrect username or password"}', "", "incorrect username or password"],
  ['{"error":"invalid_grant","error_description":"expired"}', "", "expired"],
  ['{"message":"slow down"}', "", "slow down"],
  ["null", "", ""],
  ["[1]", "", ""],
  ['{"errors":[{"code"', "", ""],
  ["<html><body>hello</body></html>", "", ""],
  ["too many requests\n", "", "too many requests"],
  ['{"message":"a\\u001b[31mred\\u0007\\r\\n\\u202eb"}', "", "a [31mred b"],
  [`{"message":"${"x".repeat(400)}"}`, "", `${"x".repeat(300)}…`],
  ["", "", ""],
];

/** A response with the status 500; `read` reads its body. */
function failed(read: HttpResponse["body"]["read"], onDispose: () => void = () => {}): HttpResponse {
  return {
    status: 500,
    headers: new Headers(),
    url: new URL("http://h.test/"),
    body: { read },
    [Symbol.dispose]: onDispose,
  };
}

Deno.test("readErrorBody() finds the message for users and makes it safe for terminals", async (t) => {
  for (const [text, code, message] of CASES) {
    await t.step(text.slice(0, 60) || "(empty)", async () => {
      const { read } = streamReader(new Blob([text]).stream(), (error) => error);
      assertEquals(await readErrorBody(failed(read), new TestClock(), new SecretSet()), { code, message });
    });
  }
});

Deno.test("readErrorBody() reads at most 64 KiB, and cancels a stalled body", async () => {
  const clock = new TestClock();
  let read = 0;
  let isDisposed = false;
  const disposed = Promise.withResolvers<null>();
  const endless = (buffer: Uint8Array) => {
    buffer.fill(0x61);
    read += buffer.length;
    return Promise.resolve(buffer.length);
  };
  const error = await readErrorBody(failed(endless, () => isDisposed = true), clock, new SecretSet());
  assertEquals([read, isDisposed, error.message.length, clock.timers], [65_536, true, 301, 0]);
  const stalled = readErrorBody(
    failed(() => disposed.promise, () => disposed.resolve(null)),
    clock,
    new SecretSet(),
  );
  clock.advance(5_000);
  assertEquals(await stalled, { code: "", message: "" });
});

Deno.test("readErrorBody() decompresses a body, and ignores a damaged one", async (t) => {
  const text = new TextEncoder().encode('{"errors":[{"code":"DENIED","message":"no"}]}');
  const packed = encode("gzip", text);
  for (
    const [name, bytes, message] of [["whole", packed, "no"], [
      "truncated",
      packed.subarray(0, 15),
      "",
    ]] as const
  ) {
    await t.step(name, async () => {
      const { body } = new Response(bytes);
      assert(body !== null);
      const reader = streamReader(body, (error) => error);
      const response = {
        ...failed((buffer) => reader.read(buffer)),
        headers: new Headers({ "content-encoding": "gzip" }),
      };
      assertEquals((await readErrorBody(response, new TestClock(), new SecretSet())).message, message);
    });
  }
});
