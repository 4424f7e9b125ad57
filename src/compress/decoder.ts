/**
 * Synchronous, incremental decompression with bounded memory.
 *
 * @module
 */
import { AppError, assertNever } from "../base/errors.ts";
import type { Compression } from "./compression.ts";
import { checkExpansion, type ExpansionLimits } from "./limits.ts";
import { Engine, type NextOutput, reusedOutput } from "./zlib_handle.ts";
import { ZstdFrames } from "./zstd_frames.ts";

/** Decompresses a stream that arrives in pieces of any size. Dispose it on every path. */
export interface Decoder extends Disposable {
  /** Compressed bytes so far. */
  readonly bytesIn: number;
  /** Decompressed bytes so far. */
  readonly bytesOut: number;
  /**
   * Decompresses the next bytes. Each chunk fills at most one output buffer; of uncompressed input it is the
   * input itself. A chunk is valid until the next iteration. Iterate to the end before the next call.
   *
   * @throws AppError `invalid_content` for corrupt data, `limit_exceeded`
   */
  decode(bytes: Uint8Array): Iterable<Uint8Array>;
  /**
   * Ends the input, and returns the remaining output.
   *
   * @throws AppError `invalid_content` if the stream is truncated
   */
  finish(): Iterable<Uint8Array>;
}

/** The part that depends on the format. */
interface Format extends Disposable {
  decode(bytes: Uint8Array): Iterable<Uint8Array>;
  finish(): Iterable<Uint8Array>;
}

/**
 * Opens a decoder. Consecutive gzip members or zstd frames form one stream. Zeros after the last one are
 * padding; other bytes there are an error.
 *
 * @param nextOutput returns the buffer for the next chunk of decompressed bytes. @default one reused buffer
 * of 256 KiB
 * @throws AppError `unsupported` in a runtime whose `node:zlib` has no synchronous engine
 */
export async function openDecoder(
  compression: Compression,
  limits: ExpansionLimits,
  nextOutput: NextOutput = reusedOutput(),
): Promise<Decoder> {
  return new LimitedDecoder(await openFormat(compression, nextOutput), limits);
}

async function openFormat(compression: Compression, nextOutput: NextOutput): Promise<Format> {
  switch (compression) {
    case "gzip":
      return new Gunzip(await Engine.open("gunzip", nextOutput));
    case "zstd":
      return new Unzstd(await Engine.open("unzstd", nextOutput));
    case "none":
      return { decode: (bytes) => [bytes], finish: () => [], [Symbol.dispose]() {} };
    default:
      return assertNever(compression);
  }
}

class LimitedDecoder implements Decoder {
  readonly #format: Format;
  readonly #limits: ExpansionLimits;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(format: Format, limits: ExpansionLimits) {
    this.#format = format;
    this.#limits = limits;
  }

  get bytesIn(): number {
    return this.#bytesIn;
  }

  get bytesOut(): number {
    return this.#bytesOut;
  }

  *decode(bytes: Uint8Array): Iterable<Uint8Array> {
    if (bytes.length === 0) return;
    this.#bytesIn += bytes.length;
    yield* this.#limited(this.#format.decode(bytes));
  }

  *finish(): Iterable<Uint8Array> {
    yield* this.#limited(this.#format.finish());
  }

  [Symbol.dispose](): void {
    this.#format[Symbol.dispose]();
  }

  *#limited(chunks: Iterable<Uint8Array>): Iterable<Uint8Array> {
    for (const chunk of chunks) {
      this.#bytesOut += chunk.length;
      // Check before the chunk is used: a decompression bomb must not reach the disk.
      checkExpansion(this.#bytesIn, this.#bytesOut, this.#limits);
      yield chunk;
    }
  }
}

class Gunzip implements Format {
  readonly #engine: Engine;
  #isPadding = false;
  #isEmpty = true;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  *decode(bytes: Uint8Array): Iterable<Uint8Array> {
    this.#isEmpty = false;
    let remaining = bytes;
    if (!this.#isPadding) {
      // The engine continues with the next member. It leaves bytes only if a zero follows a member.
      remaining = bytes.subarray(yield* this.#engine.write(bytes));
      if (remaining.length === 0) return;
      this.#isPadding = true;
    }
    if (remaining.some((byte) => byte !== 0)) {
      throw new AppError(
        "invalid_content",
        "Cannot decompress: the last gzip member is followed by other data",
      );
    }
  }

  *finish(): Iterable<Uint8Array> {
    if (this.#isEmpty) throw new AppError("invalid_content", "Cannot decompress: the gzip stream is empty");
    if (!this.#isPadding) yield* this.#engine.finish();
  }

  [Symbol.dispose](): void {
    this.#engine[Symbol.dispose]();
  }
}

class Unzstd implements Format {
  readonly #engine: Engine;
  readonly #frames = new ZstdFrames();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  *decode(bytes: Uint8Array): Iterable<Uint8Array> {
    let remaining = bytes.subarray(0, this.#frames.scan(bytes));
    while (remaining.length > 0) {
      // The engine stops at the end of each frame; the next call continues with the next one.
      const taken = yield* this.#engine.write(remaining);
      if (taken === 0) throw new AppError("invalid_content", "Cannot decompress: the zstd stream is corrupt");
      remaining = remaining.subarray(taken);
    }
  }

  // The engine buffers no output, and doesn't detect a truncated frame. The frame scanner does.
  finish(): Iterable<Uint8Array> {
    this.#frames.finish();
    return [];
  }

  [Symbol.dispose](): void {
    this.#engine[Symbol.dispose]();
  }
}
