/**
 * Splits the bytes of a connection into frames.
 *
 * @module
 */
import { type ByteReader, KIB } from "../../base/bytes.ts";
import { FRAME_HEADER_BYTES, FRAME_PAYLOAD_BYTES, PREFACE, readUint31 } from "./frame.ts";
import { connectionError, H2Code } from "./protocol_error.ts";

/** The initial buffer, sufficient for small calls. */
const SMALL_BUFFER_BYTES = 4 * KIB;
/** The buffer of a connection that receives bodies: four frames of the maximum size. */
const LARGE_BUFFER_BYTES = 64 * KIB + 4 * FRAME_HEADER_BYTES;

/** Reads frames from a connection into a buffer that is reused. */
export class FrameReader {
  /** Type of the current frame. */
  type = 0;
  /** Flags of the current frame. */
  flags = 0;
  /** Stream id of the current frame. */
  streamId = 0;
  /** Payload of the current frame: a view of the buffer, valid until the next {@linkcode fill}. */
  payload: Uint8Array = new Uint8Array(0);
  readonly #source: ByteReader;
  #buffer = new Uint8Array(SMALL_BUFFER_BYTES);
  #start = 0;
  #end = 0;
  /** Whether the last read filled the buffer, which means that larger reads would be faster. */
  #filledBuffer = false;

  /** Creates a reader; {@linkcode fill} reads. */
  constructor(source: ByteReader) {
    this.#source = source;
  }

  /**
   * Reads more bytes into the buffer.
   *
   * @returns false at the end of the connection
   * @throws what the connection's `read` throws
   */
  async fill(): Promise<boolean> {
    this.#ensureCapacity();
    const space = this.#buffer.subarray(this.#end);
    const n = await this.#source.read(space);
    if (n === null) return false;
    this.#filledBuffer = n === space.length;
    this.#end += n;
    return true;
  }

  /** Consumes the preface. Returns "other" as soon as a byte differs from it. */
  preface(): "complete" | "partial" | "other" {
    const length = Math.min(this.#end - this.#start, PREFACE.length);
    for (let i = 0; i < length; i++) if (this.#buffer[this.#start + i] !== PREFACE[i]) return "other";
    if (length < PREFACE.length) return "partial";
    this.#start += PREFACE.length;
    return "complete";
  }

  /** Returns the bytes that were read but not consumed, as a view of the buffer. */
  unread(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** Discards the bytes that were read but not consumed. */
  discard(): void {
    this.#start = this.#end = 0;
  }

  /**
   * Advances to the next frame. Returns false if the buffer doesn't contain all of it.
   *
   * @throws AppError a {@linkcode connectionError} with `frameSizeError`, before the payload is read
   */
  next(): boolean {
    const available = this.#end - this.#start;
    if (available < FRAME_HEADER_BYTES) return false;
    const length = this.#payloadLength();
    if (length > FRAME_PAYLOAD_BYTES) {
      throw connectionError(H2Code.frameSizeError, `a frame has a payload of ${length} bytes`);
    }
    if (available < FRAME_HEADER_BYTES + length) return false;
    const buffer = this.#buffer;
    const at = this.#start;
    this.type = buffer[at + 3] as number;
    this.flags = buffer[at + 4] as number;
    this.streamId = readUint31(buffer, at + 5);
    this.#start = at + FRAME_HEADER_BYTES + length;
    this.payload = buffer.subarray(at + FRAME_HEADER_BYTES, this.#start);
    return true;
  }

  #payloadLength(): number {
    const buffer = this.#buffer;
    const at = this.#start;
    return ((buffer[at] as number) << 16) | ((buffer[at + 1] as number) << 8) | (buffer[at + 2] as number);
  }

  /** Makes the rest of the incomplete frame, and at least one byte, fit into the buffer. */
  #ensureCapacity(): void {
    const have = this.#end - this.#start;
    if (have === 0) this.#start = this.#end = 0;
    const needed = have < FRAME_HEADER_BYTES
      ? FRAME_HEADER_BYTES
      : FRAME_HEADER_BYTES + this.#payloadLength();
    const grow = this.#buffer.length < LARGE_BUFFER_BYTES &&
      (this.#filledBuffer || needed > this.#buffer.length);
    if (!grow && this.#start + needed <= this.#buffer.length && this.#end < this.#buffer.length) return;
    const unread = this.unread();
    const buffer = grow ? new Uint8Array(LARGE_BUFFER_BYTES) : this.#buffer;
    buffer.set(unread, 0);
    this.#buffer = buffer;
    this.#start = 0;
    this.#end = have;
  }
}
