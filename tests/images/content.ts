/**
 * Reproducible content for layers, by seed: the same seed gives the same bytes in every process.
 *
 * @module
 */
import { KIB, MIB } from "../../src/base/bytes.ts";
import type { ByteSource } from "./blob.ts";

const POOL_BYTES = MIB;
const CHUNK_BYTES = 256 * KIB;
const WORDS = "layer image manifest config digest platform registry tag blob store index pull ".split(" ");

/** Makes bytes that hardly compress (xorshift32). */
export function randomBytes(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = (seed * 2654435761 + 0x9e3779b9) >>> 0 || 1;
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

/** Makes text that compresses about tenfold, as programs and documents do. */
export function compressibleBytes(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const picks = randomBytes(Math.min(length, 4 * KIB), seed);
  const text = Array.from(picks, (pick) => WORDS[pick % WORDS.length]).join(" ");
  const unit = new TextEncoder().encode(text + "\n");
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += unit.length) {
    bytes.set(at + unit.length > length ? unit.subarray(0, length - at) : unit, at);
  }
  return bytes;
}

/**
 * Makes pseudo-random bytes of any length, generated while they are read. Each block of 1 MiB differs from
 * the others in its first bytes, so that a reader that mixes up offsets gets a different digest.
 */
export function endlessSource(size: number, seed: number): ByteSource {
  let pool: Uint8Array | undefined;
  return {
    size,
    *read(start, end) {
      pool ??= randomBytes(POOL_BYTES, seed);
      for (let at = start; at < end;) {
        const block = Math.floor(at / POOL_BYTES);
        const inBlock = at - block * POOL_BYTES;
        const length = Math.min(CHUNK_BYTES, POOL_BYTES - inBlock, end - at);
        const chunk = pool.subarray(inBlock, inBlock + length);
        yield inBlock < 4 ? stamped(chunk, block, inBlock) : chunk;
        at += length;
      }
    },
  };
}

/** Copies the start of a block, with the block's number in its first four bytes. */
function stamped(chunk: Uint8Array, block: number, inBlock: number): Uint8Array {
  const copy = chunk.slice();
  for (let i = inBlock; i < 4 && i - inBlock < copy.length; i++) {
    copy[i - inBlock] = (block >>> (8 * i)) & 0xff;
  }
  return copy;
}
