/**
 * Collects the bytes of one write.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import { FRAME_HEADER_BYTES, writeFrameHeader } from "../frame/frame.ts";

/** Maximum bytes per write: large enough to amortise the system call, small enough to allocate per connection. */
const WRITE_BUFFER_BYTES = 64 * KIB;

/** Collects frames, so that they are sent with one write. */
export class WriteBuffer {
  readonly #bytes = new Uint8Array(WRITE_BUFFER_BYTES);
  #length = 0;

  /** Number of bytes in the buffer. */
  get length(): number {
    return this.#length;
  }

  /** Maximum payload of one more frame, in bytes; negative if there is no space for its header. */
  get freePayloadBytes(): number {
    return WRITE_BUFFER_BYTES - this.#length - FRAME_HEADER_BYTES;
  }

  /** Writes a frame header; the caller then appends `length` bytes. */
  begin(length: number, type: number, flags: number, streamId: number): void {
    writeFrameHeader(this.#bytes, this.#length, length, type, flags, streamId);
    this.#length += FRAME_HEADER_BYTES;
  }

  /** Appends bytes, for which there must be space. */
  append(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Empties the buffer and returns its bytes, a view that is valid until the next frame is added. */
  take(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return bytes;
  }
}
