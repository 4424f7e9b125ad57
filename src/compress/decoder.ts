/**
 * Decompression in steps: bytes in, bytes out, nothing awaited in between, and memory bounded whatever comes.
 *
 * @module
 */
import { AppError, assertNever } from "../base/errors.ts";
import type { Compression } from "./compression.ts";
import { checkExpansion, type ExpansionLimits } from "./limits.ts";
import { Engine, type OutputRoom, ownRoom } from "./zlib_handle.ts";
import { ZstdFrames } from "./zstd_frames.ts";

/** Takes a compressed stream in pieces of any size. Dispose it on every path. */
export interface Decoder extends Disposable {
  /** Bytes taken so far. */
  readonly bytesIn: number;
  /** Bytes given so far. */
  readonly bytesOut: number;
  /**
   * Takes the next bytes and gives what comes out of them, as much at a time as there is room (plain bytes as they
   * come, and where they are).
   * A chunk is only good until the next step. Read it to the end before the next call.
   *
   * @throws AppError `invalid_content` for damage, `limit_exceeded`
   */
  decode(bytes: Uint8Array): Iterable<Uint8Array>;
  /**
   * Says that no more bytes come, and gives the rest.
   *
   * @throws AppError `invalid_content` if the stream is cut
   */
  finish(): Iterable<Uint8Array>;
}

/** What the formats differ in. */
interface Format extends Disposable {
  decode(bytes: Uint8Array): Iterable<Uint8Array>;
  finish(): Iterable<Uint8Array>;
}

/**
 * Opens a decoder. Members of gzip and frames of zstd follow each other as one stream; zeros after the last are
 * padding; anything else there is damage.
 *
 * @param room where what comes out of compressed bytes goes. @default 256 KiB, used again for each chunk
 * @throws AppError `unsupported` in a runtime whose `node:zlib` has another engine
 */
export async function openDecoder(
  compression: Compression,
  limits: ExpansionLimits,
  room: OutputRoom = ownRoom(),
): Promise<Decoder> {
  return new LimitedDecoder(await openFormat(compression, room), limits);
}

async function openFormat(compression: Compression, room: OutputRoom): Promise<Format> {
  switch (compression) {
    case "gzip":
      return new Gunzip(await Engine.open("gunzip", room));
    case "zstd":
      return new Unzstd(await Engine.open("unzstd", room));
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
      // Before anybody gets the chunk: a bomb must not reach the disk.
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
    let rest = bytes;
    if (!this.#isPadding) {
      // The engine starts the next member by itself; it leaves bytes only when a zero follows a member.
      rest = bytes.subarray(yield* this.#engine.write(bytes));
      if (rest.length === 0) return;
      this.#isPadding = true;
    }
    if (rest.some((byte) => byte !== 0)) {
      throw new AppError(
        "invalid_content",
        "Cannot decompress: bytes that are no gzip member follow the last one",
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
    let rest = bytes.subarray(0, this.#frames.scan(bytes));
    while (rest.length > 0) {
      // The engine stops at the end of each frame; the next call starts the next one.
      const taken = yield* this.#engine.write(rest);
      if (taken === 0) throw new AppError("invalid_content", "Cannot decompress: the zstd stream is damaged");
      rest = rest.subarray(taken);
    }
  }

  // The engine keeps nothing back; only the walk knows whether the last frame is whole.
  finish(): Iterable<Uint8Array> {
    this.#frames.finish();
    return [];
  }

  [Symbol.dispose](): void {
    this.#engine[Symbol.dispose]();
  }
}
