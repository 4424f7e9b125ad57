/**
 * The reading half of a connection: bytes into frames.
 *
 * @module
 */
import { type ByteReader, KIB } from "../../base/bytes.ts";
import { FRAME_HEADER_BYTES, FRAME_PAYLOAD_BYTES, PREFACE, readUint31 } from "./frame.ts";
import { connectionError, H2Code } from "./protocol_error.ts";

/** Enough for a connection with small calls. */
const SMALL_BUFFER_BYTES = 4 * KIB;
/** For one that sends bodies: four of the largest frames. */
const LARGE_BUFFER_BYTES = 64 * KIB + 4 * FRAME_HEADER_BYTES;

/** Reads frames from a connection into one buffer that it keeps. */
export class FrameReader {
  /** Type of the frame that {@linkcode next} found. */
  type = 0;
  /** Its flags. */
  flags = 0;
  /** Its stream. */
  streamId = 0;
  /** Its payload: a view, good until the next {@linkcode fill}. */
  payload: Uint8Array = new Uint8Array(0);
  readonly #source: ByteReader;
  #buffer = new Uint8Array(SMALL_BUFFER_BYTES);
  #start = 0;
  #end = 0;
  /** Whether the last read took all the room there was: the peer sends faster than small reads can take. */
  #crowded = false;

  /** Reads nothing yet. */
  constructor(source: ByteReader) {
    this.#source = source;
  }

  /**
   * Waits for more bytes.
   *
   * @returns false at the end of the connection
   * @throws what the connection's `read` throws
   */
  async fill(): Promise<boolean> {
    this.#makeRoom();
    const room = this.#buffer.subarray(this.#end);
    const n = await this.#source.read(room);
    if (n === null) return false;
    this.#crowded = n === room.length;
    this.#end += n;
    return true;
  }

  /** Takes the preface; "other" as soon as a byte differs. */
  preface(): "whole" | "partial" | "other" {
    const length = Math.min(this.#end - this.#start, PREFACE.length);
    for (let i = 0; i < length; i++) if (this.#buffer[this.#start + i] !== PREFACE[i]) return "other";
    if (length < PREFACE.length) return "partial";
    this.#start += PREFACE.length;
    return "whole";
  }

  /** The bytes that have been read and not taken; a view. */
  unread(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** Drops the bytes that have been read and not taken. */
  discard(): void {
    this.#start = this.#end = 0;
  }

  /**
   * Takes the next frame, if it is in the buffer whole.
   *
   * @throws AppError a {@linkcode connectionError} with `frameSizeError`, before the payload is read
   */
  next(): boolean {
    const available = this.#end - this.#start;
    if (available < FRAME_HEADER_BYTES) return false;
    const length = this.#payloadLength();
    if (length > FRAME_PAYLOAD_BYTES) {
      throw connectionError(H2Code.frameSizeError, `a frame has ${length} bytes of payload`);
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

  /** Leaves room for the rest of the frame that has begun, and for at least one byte. */
  #makeRoom(): void {
    const have = this.#end - this.#start;
    if (have === 0) this.#start = this.#end = 0;
    const wanted = have < FRAME_HEADER_BYTES
      ? FRAME_HEADER_BYTES
      : FRAME_HEADER_BYTES + this.#payloadLength();
    const grow = this.#buffer.length < LARGE_BUFFER_BYTES && (this.#crowded || wanted > this.#buffer.length);
    if (!grow && this.#start + wanted <= this.#buffer.length && this.#end < this.#buffer.length) return;
    const unread = this.unread();
    const buffer = grow ? new Uint8Array(LARGE_BUFFER_BYTES) : this.#buffer;
    buffer.set(unread, 0);
    this.#buffer = buffer;
    this.#start = 0;
    this.#end = have;
  }
}
