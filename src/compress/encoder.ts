/**
 * Compression, pushed: the same bytes in give the same bytes out, whatever pieces they come in.
 *
 * @module
 */
import type { Compression } from "./compression.ts";
import { type ByteSink, Engine } from "./zlib_handle.ts";

/** Takes bytes in pieces of any size and hands compressed ones to its sink. Dispose it on every path. */
export interface Encoder extends Disposable {
  /** Takes the next bytes. */
  push(bytes: Uint8Array): void;
  /** Hands on what is left and ends the stream. */
  finish(): void;
}

/**
 * Opens an encoder.
 *
 * @param level of compression; undefined for the usual one (gzip 6, zstd 3)
 * @throws AppError `unsupported`, see {@linkcode Engine.open}
 */
export async function openEncoder(
  compression: Compression,
  sink: ByteSink,
  level?: number,
): Promise<Encoder> {
  if (compression === "none") return { push: sink, finish() {}, [Symbol.dispose]() {} };
  const engine = await Engine.open(compression, level);
  return {
    push: (bytes) => void engine.write(bytes, sink),
    finish: () => engine.finish(sink),
    [Symbol.dispose]: () => engine[Symbol.dispose](),
  };
}
