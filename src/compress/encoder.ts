/**
 * Compression in steps: the same bytes in give the same bytes out, whatever pieces they come in.
 *
 * @module
 */
import type { Compression } from "./compression.ts";
import { Engine } from "./zlib_handle.ts";

/** Takes bytes in pieces of any size and gives compressed ones. Dispose it on every path. */
export interface Encoder extends Disposable {
  /** Takes the next bytes. What it gives is only good until the next step, and must be read to the end. */
  encode(bytes: Uint8Array): Iterable<Uint8Array>;
  /** Gives what is left and ends the stream. */
  finish(): Iterable<Uint8Array>;
}

/**
 * Opens an encoder.
 *
 * @param level of compression; undefined for the usual one (gzip 6, zstd 3)
 * @throws AppError `unsupported` in a runtime whose `node:zlib` has another engine
 */
export async function openEncoder(compression: Compression, level?: number): Promise<Encoder> {
  if (compression === "none") {
    return { encode: (bytes) => [bytes], finish: () => [], [Symbol.dispose]() {} };
  }
  const engine = await Engine.open(compression, level);
  return {
    encode: (bytes) => engine.write(bytes),
    finish: () => engine.finish(),
    [Symbol.dispose]: () => engine[Symbol.dispose](),
  };
}
