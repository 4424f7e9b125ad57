import { encode } from "../../compress/test_encoder.ts";
import { isCode } from "../../base/errors.ts";
import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { bodyEncodingOf, readDecoded } from "./content_encoding.ts";

const TEXT = new TextEncoder().encode('{"tags":["a"]}');

function readerOf(bytes: Uint8Array) {
  let rest = bytes;
  return {
    read(buffer: Uint8Array) {
      if (rest.length === 0) return Promise.resolve(null);
      const part = rest.subarray(0, Math.min(5, buffer.length));
      buffer.set(part);
      rest = rest.subarray(part.length);
      return Promise.resolve(part.length);
    },
  };
}

const headersOf = (encoding: string) => new Headers({ "content-encoding": encoding });

Deno.test("bodyEncodingOf() knows what can be decoded, and labels that mean nothing", async (t) => {
  const cases = [
    ["gzip", "compressed"],
    ["x-gzip", "compressed"],
    ["GZIP", "compressed"],
    ["zstd", "compressed"],
    ["identity, gzip", "compressed"],
    ["aws-chunked,gzip", "compressed"],
    ["identity", "none"],
    ["", "none"],
    ["UTF-8", "none"],
    ["aws-chunked", "none"],
    ["br", "other"],
    ["gzip, gzip", "other"],
    ["x-other", "other"],
  ] as const;
  for (const [value, want] of cases) {
    await t.step(value, () => assertEquals(bodyEncodingOf(headersOf(value)), want));
  }
  assertEquals(bodyEncodingOf(new Headers()), "none");
});

Deno.test("readDecoded() decompresses, and returns bytes that aren't compressed unchanged", async (t) => {
  const cases = [
    ["gzip", encode("gzip", TEXT)],
    ["zstd", encode("zstd", TEXT)],
    ["gzip", TEXT],
    ["identity", TEXT],
  ] as const;
  for (const [label, bytes] of cases) {
    await t.step(`${label}, ${bytes.length} bytes`, async () => {
      assertEquals(await readDecoded(readerOf(bytes), headersOf(label), 100, "it"), TEXT);
    });
  }
});

Deno.test("readDecoded() limits the decompressed size", async () => {
  const bomb = encode("gzip", new Uint8Array(10_000_000));
  assert(bomb.length < 20_000);
  const error = await assertRejects(() => readDecoded(readerOf(bomb), headersOf("gzip"), 100_000, "it"));
  assert(isCode(error, "limit_exceeded"));
});

Deno.test("readDecoded() rejects truncated data", async () => {
  const bytes = encode("gzip", TEXT).subarray(0, 20);
  const error = await assertRejects(() => readDecoded(readerOf(bytes), headersOf("gzip"), 100, "it"));
  assert(isCode(error, "invalid_content"));
});
