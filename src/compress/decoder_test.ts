import { assert, assertEquals, assertRejects, assertThrows } from "../../tests/assert.ts";
import { seededRandom } from "../../tests/random.ts";
import { concatBytes, KIB, MIB, readAll } from "../base/bytes.ts";
import { AppError, isCode } from "../base/errors.ts";
import type { Compression } from "./compression.ts";
import { openDecoder } from "./decoder.ts";
import { openDecodingReader } from "./decoding_reader.ts";
import { checkExpansion, DEFAULT_EXPANSION, RATIO_FREE_BYTES } from "./limits.ts";
import { encode } from "./test_encoder.ts";

const FORMATS: readonly Compression[] = ["gzip", "zstd", "none"];

async function decode(compression: Compression, bytes: Uint8Array, piece = 64 * KIB): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  using decoder = await openDecoder(compression, DEFAULT_EXPANSION);
  const keep = (chunk: Uint8Array) => {
    assert(chunk.length <= Math.max(256 * KIB, piece));
    chunks.push(chunk.slice());
  };
  for (let at = 0; at < bytes.length; at += piece) {
    for (const chunk of decoder.decode(bytes.subarray(at, at + piece))) keep(chunk);
  }
  for (const chunk of decoder.finish()) keep(chunk);
  assertEquals(decoder.bytesIn, bytes.length);
  return concatBytes(chunks);
}

/** Pseudorandom bytes with a fixed seed, which compress a little. */
function sample(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let i = 0; i < length; i++) {
    state = (state * 48271) % 2147483647;
    bytes[i] = state % 97;
  }
  return bytes;
}

Deno.test("decoders restore the original bytes, in pieces of any size", async (t) => {
  const plain = sample(700 * KIB);
  for (const format of FORMATS) {
    for (const piece of [1000, 64 * KIB, MIB]) {
      await t.step(`${format}, ${piece}`, async () => {
        const packed = encode(format, plain);
        assertEquals(await decode(format, packed, piece), plain);
      });
    }
  }
});

Deno.test("decoders join members and frames, and tolerate zeros after the last", async (t) => {
  for (const format of ["gzip", "zstd"] as const) {
    const one = encode(format, new TextEncoder().encode("one "));
    const two = encode(format, new TextEncoder().encode("two"));
    const none = encode(format, new Uint8Array(0));
    const whole = concatBytes([one, none, two, new Uint8Array(600)]);
    for (let piece = 1; piece < 60; piece++) {
      const text = new TextDecoder().decode(await decode(format, whole, piece));
      await t.step(`${format}, ${piece}`, () => assertEquals(text, "one two"));
    }
  }
});

Deno.test("a zstd decoder skips skippable frames", async () => {
  const skip = Uint8Array.of(0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9);
  const empty = Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0);
  const frame = encode("zstd", new TextEncoder().encode("kept"));
  for (const piece of [1, 5, 1000]) {
    const whole = concatBytes([skip, frame, empty, frame, skip]);
    assertEquals(new TextDecoder().decode(await decode("zstd", whole, piece)), "keptkept");
  }
});

Deno.test("decoders reject a stream that is truncated at any byte", async () => {
  for (const format of ["gzip", "zstd"] as const) {
    const packed = encode(format, sample(2000));
    for (let length = 0; length < packed.length; length++) {
      const error = await assertRejects(() => decode(format, packed.subarray(0, length)), AppError);
      assertEquals(error.code, "invalid_content", `${format} cut at ${length}`);
    }
  }
});

Deno.test("decoders reject other data after the last member or frame, also after padding", async () => {
  for (const format of ["gzip", "zstd"] as const) {
    const packed = encode(format, sample(100));
    for (const tail of [[7, 7, 7, 7, 7], [0, 0, 7]]) {
      for (const piece of [1, 1000]) {
        const whole = concatBytes([packed, Uint8Array.from(tail)]);
        assert(isCode(await assertRejects(() => decode(format, whole, piece)), "invalid_content"));
      }
    }
  }
});

Deno.test("decoders verify the checksum of the format", async () => {
  for (const format of ["gzip", "zstd"] as const) {
    const packed = encode(format, sample(5000));
    packed[packed.length - 3] = (packed.at(-3) ?? 0) ^ 0x10;
    assert(isCode(await assertRejects(() => decode(format, packed)), "invalid_content"));
  }
});

Deno.test("a zstd decoder rejects a window that is too large", async () => {
  const frame = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x90, 0x01, 0x00, 0x00);
  assert(isCode(await assertRejects(() => decode("zstd", frame)), "limit_exceeded"));
  frame[5] = 0x58;
  assertEquals((await decode("zstd", frame)).length, 0);
});

Deno.test("a decoder stops before it returns more than the limit", async () => {
  for (const format of ["gzip", "zstd"] as const) {
    const bomb = encode(format, new Uint8Array(4 * MIB));
    let seen = 0;
    using decoder = await openDecoder(format, { unpackedBytes: MIB, ratio: 250 });
    const error = assertThrows(() => {
      for (const chunk of decoder.decode(bomb)) seen += chunk.length;
    });
    assert(isCode(error, "limit_exceeded"));
    assert(seen <= MIB);
  }
});

Deno.test("openDecodingReader() detects the format and reads pieces of any size", async () => {
  const plain = sample(400 * KIB);
  for (const format of FORMATS) {
    const packed = encode(format, plain);
    let at = 0;
    using reader = await openDecodingReader({
      read(buffer) {
        if (at === packed.length) return Promise.resolve(null);
        const piece = packed.subarray(at, at + Math.min(buffer.length, 3000));
        buffer.set(piece);
        at += piece.length;
        return Promise.resolve(piece.length);
      },
    }, DEFAULT_EXPANSION);
    assertEquals(reader.compression, format);
    assertEquals(await readAll(reader, MIB, "sample"), plain);
  }
});

Deno.test("checkExpansion() checks the ratio only after RATIO_FREE_BYTES", () => {
  const limits = { unpackedBytes: 1e15, ratio: 10 };
  checkExpansion(1, RATIO_FREE_BYTES, limits);
  checkExpansion(RATIO_FREE_BYTES, RATIO_FREE_BYTES * 10, limits);
  assert(isCode(assertThrows(() => checkExpansion(1, RATIO_FREE_BYTES + 1, limits)), "limit_exceeded"));
});

Deno.test("decoders return a result or a typed error for corrupt streams", async () => {
  const random = seededRandom();
  for (const format of ["gzip", "zstd"] as const) {
    const packed = encode(format, sample(3000));
    for (let round = 0; round < 200; round++) {
      const bytes = packed.slice();
      for (let i = 0; i <= random(4); i++) bytes[random(bytes.length)] = random(256);
      try {
        await decode(format, bytes, 1 + random(900));
      } catch (error) {
        assert(isCode(error, "invalid_content", "limit_exceeded"), String(error));
      }
    }
  }
});
