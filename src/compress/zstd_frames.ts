/**
 * Finds the ends of zstd frames (RFC 8878, section 3.1). Blocks have their compressed size in their header,
 * so the scan reads only headers and decompresses nothing.
 *
 * @module
 */
import { MIB } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";
import { isSkippableMagic, isZstdMagic } from "./compression.ts";

/**
 * The decoder keeps a window in memory. This is the window of `zstd --ultra -22`, and the default limit of
 * libzstd.
 */
const WINDOW_MAX_BYTES = 128 * MIB;

/** The part of a frame that the next byte belongs to. */
type Stage =
  | "magic"
  | "descriptor"
  | "header"
  | "block"
  | "body"
  | "checksum"
  | "skip size"
  | "skip"
  | "padding";

function invalid(state: string): AppError {
  return new AppError("invalid_content", `Cannot decompress: ${state}`);
}

/** Scans the frames of a stream that arrives in pieces of any size. */
export class ZstdFrames {
  #stage: Stage = "magic";
  readonly #field = new Uint8Array(16);
  readonly #view = new DataView(this.#field.buffer);
  #have = 0;
  #want = 4;
  /** Bytes to skip in "body" and "skip". */
  #remaining = 0;
  #frames = 0;
  #hasChecksum = false;
  #hasWindow = false;
  #isLastBlock = false;

  /**
   * Scans the next bytes.
   *
   * @returns the number of bytes for the decompressor; the other ones are padding of zeros
   * @throws AppError `invalid_content` for data that isn't a zstd frame, `limit_exceeded` for a window that
   * is too large
   */
  scan(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length) {
      if (this.#stage === "magic" && this.#have === 0 && this.#frames > 0 && bytes[at] === 0) {
        this.#stage = "padding";
      }
      if (this.#stage === "padding") {
        this.#checkPadding(bytes, at);
        return at;
      }
      at += this.#stage === "body" || this.#stage === "skip"
        ? this.#skip(bytes.length - at)
        : this.#readField(bytes, at);
    }
    return at;
  }

  /**
   * Ends the stream.
   *
   * @throws AppError `invalid_content` if a frame is truncated, or there was none
   */
  finish(): void {
    const isBetween = this.#stage === "padding" || (this.#stage === "magic" && this.#have === 0);
    if (!isBetween || this.#frames === 0) throw invalid("the zstd stream is truncated");
  }

  #checkPadding(bytes: Uint8Array, at: number): void {
    for (let i = at; i < bytes.length; i++) {
      if (bytes[i] !== 0) throw invalid("the last zstd frame is followed by other data");
    }
  }

  #skip(available: number): number {
    const length = Math.min(this.#remaining, available);
    this.#remaining -= length;
    if (this.#remaining === 0) {
      if (this.#stage === "skip") this.#enter("magic", 4);
      else this.#endBlock();
    }
    return length;
  }

  #readField(bytes: Uint8Array, at: number): number {
    const length = Math.min(this.#want - this.#have, bytes.length - at);
    this.#field.set(bytes.subarray(at, at + length), this.#have);
    this.#have += length;
    if (this.#have === this.#want) this.#endField();
    return length;
  }

  #enter(stage: Stage, want: number): void {
    this.#stage = stage;
    this.#want = want;
    this.#have = 0;
  }

  #endField(): void {
    switch (this.#stage) {
      case "magic":
        this.#frames++;
        if (isZstdMagic(this.#field)) return this.#enter("descriptor", 1);
        if (isSkippableMagic(this.#field)) return this.#enter("skip size", 4);
        throw invalid("found other data where a zstd frame must start");
      case "descriptor":
        return this.#readDescriptor(this.#view.getUint8(0));
      case "header":
        if (this.#hasWindow) this.#checkWindow(this.#view.getUint8(0));
        return this.#enter("block", 3);
      case "block":
        return this.#readBlock(this.#view.getUint16(0, true) + this.#view.getUint8(2) * 0x10000);
      case "skip size":
        return this.#readSkip(this.#view.getUint32(0, true));
      default:
        return this.#enter("magic", 4);
    }
  }

  /** Reads which fields the header has (RFC 8878, section 3.1.1.1.1). */
  #readDescriptor(flags: number): void {
    const sizeFlag = flags >> 6;
    const isSingleSegment = (flags & 0x20) !== 0;
    this.#hasChecksum = (flags & 0x04) !== 0;
    this.#hasWindow = !isSingleSegment;
    const sizeBytes = sizeFlag === 0 ? (isSingleSegment ? 1 : 0) : 2 ** sizeFlag;
    const dictionaryBytes = [0, 1, 2, 4][flags & 0x03] ?? 0;
    this.#enter("header", (this.#hasWindow ? 1 : 0) + dictionaryBytes + sizeBytes);
  }

  /** Checks the window size (RFC 8878, section 3.1.1.1.2). */
  #checkWindow(descriptor: number): void {
    const base = 2 ** (10 + Math.floor(descriptor / 8));
    const window = base + (base / 8) * (descriptor % 8);
    if (window <= WINDOW_MAX_BYTES) return;
    throw new AppError(
      "limit_exceeded",
      `Cannot decompress: the zstd window has ${window} bytes, but the limit is ${WINDOW_MAX_BYTES}`,
      { details: { limit: "windowBytes", most: WINDOW_MAX_BYTES } },
    );
  }

  /**
   * Reads a block header (RFC 8878, section 3.1.1.2). The size of a run-length block is that of its output;
   * its body has one byte.
   */
  #readBlock(header: number): void {
    const kind = Math.floor(header / 2) % 4;
    if (kind === 3) throw invalid("a zstd block has the reserved type");
    this.#isLastBlock = header % 2 === 1;
    this.#remaining = kind === 1 ? 1 : Math.floor(header / 8);
    this.#stage = "body";
    if (this.#remaining === 0) this.#endBlock();
  }

  #endBlock(): void {
    if (!this.#isLastBlock) this.#enter("block", 3);
    else if (this.#hasChecksum) this.#enter("checksum", 4);
    else this.#enter("magic", 4);
  }

  #readSkip(size: number): void {
    this.#remaining = size;
    this.#stage = "skip";
    if (size === 0) this.#enter("magic", 4);
  }
}
