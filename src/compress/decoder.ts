/**
 * Decompression, pushed: bytes in, bytes out, nothing awaited in between, and memory bounded whatever comes.
 *
 * @module
 */
import { AppError, assertNever } from "../base/errors.ts";
import type { Compression } from "./compression.ts";
import { checkExpansion, type ExpansionLimits } from "./limits.ts";
import { type ByteSink, Engine } from "./zlib_handle.ts";
import { ZstdFrames } from "./zstd_frames.ts";

/** Takes a compressed stream in pieces of any size. Dispose it on every path. */
export interface Decoder extends Disposable {
  /** Bytes taken so far. */
  readonly bytesIn: number;
  /** Bytes handed to the sink so far. */
  readonly bytesOut: number;
  /**
   * Takes the next bytes and hands what they give to the sink, at most 256 KiB at a time (plain bytes as they come).
   *
   * @throws AppError `invalid_content` for damage, `limit_exceeded`, or what the sink throws
   */
  push(bytes: Uint8Array): void;
  /**
   * Says that no more bytes come.
   *
   * @throws AppError `invalid_content` if the stream is cut
   */
  finish(): void;
}

/** What the formats differ in. */
interface Format extends Disposable {
  push(bytes: Uint8Array, sink: ByteSink): void;
  finish(sink: ByteSink): void;
}

/**
 * Opens a decoder. Members of gzip and frames of zstd follow each other as one stream; zeros after the last are
 * padding; anything else there is damage.
 *
 * @throws AppError `unsupported`, see {@linkcode Engine.open}
 */
export async function openDecoder(
  compression: Compression,
  limits: ExpansionLimits,
  sink: ByteSink,
): Promise<Decoder> {
  return new LimitedDecoder(await openFormat(compression), limits, sink);
}

async function openFormat(compression: Compression): Promise<Format> {
  switch (compression) {
    case "gzip":
      return new Gunzip(await Engine.open("gunzip"));
    case "zstd":
      return new Unzstd(await Engine.open("unzstd"));
    case "none":
      return { push: (bytes, sink) => sink(bytes), finish() {}, [Symbol.dispose]() {} };
    default:
      return assertNever(compression);
  }
}

class LimitedDecoder implements Decoder {
  readonly #format: Format;
  readonly #limits: ExpansionLimits;
  readonly #sink: ByteSink;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(format: Format, limits: ExpansionLimits, sink: ByteSink) {
    this.#format = format;
    this.#limits = limits;
    this.#sink = (bytes) => {
      this.#bytesOut += bytes.length;
      // Before the sink gets them: a bomb must not reach the disk.
      checkExpansion(this.#bytesIn, this.#bytesOut, this.#limits);
      sink(bytes);
    };
  }

  get bytesIn(): number {
    return this.#bytesIn;
  }

  get bytesOut(): number {
    return this.#bytesOut;
  }

  push(bytes: Uint8Array): void {
    this.#bytesIn += bytes.length;
    if (bytes.length > 0) this.#format.push(bytes, this.#sink);
  }

  finish(): void {
    this.#format.finish(this.#sink);
  }

  [Symbol.dispose](): void {
    this.#format[Symbol.dispose]();
  }
}

class Gunzip implements Format {
  readonly #engine: Engine;
  #isPadding = false;
  #isEmpty = true;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  push(bytes: Uint8Array, sink: ByteSink): void {
    this.#isEmpty = false;
    let rest = bytes;
    if (!this.#isPadding) {
      // The engine starts the next member by itself; it leaves bytes only when a zero follows a member.
      rest = bytes.subarray(this.#engine.write(bytes, sink));
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

  finish(sink: ByteSink): void {
    if (this.#isEmpty) throw new AppError("invalid_content", "Cannot decompress: the gzip stream is empty");
    if (!this.#isPadding) this.#engine.finish(sink);
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

  push(bytes: Uint8Array, sink: ByteSink): void {
    let rest = bytes.subarray(0, this.#frames.scan(bytes));
    while (rest.length > 0) {
      // The engine stops at the end of each frame; the next call starts the next one.
      const taken = this.#engine.write(rest, sink);
      if (taken === 0) throw new AppError("invalid_content", "Cannot decompress: the zstd stream is damaged");
      rest = rest.subarray(taken);
    }
  }

  finish(): void {
    this.#frames.finish();
  }

  [Symbol.dispose](): void {
    this.#engine[Symbol.dispose]();
  }
}
