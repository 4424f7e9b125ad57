/**
 * The bytes of one write.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import { FRAME_HEADER_BYTES, writeFrameHeader } from "../frame/frame.ts";

/** The most bytes of one write: enough to make the cost of a write small, and little to hold per connection. */
const BATCH_BYTES = 64 * KIB;

/** Collects frames, so that all that is ready goes out with one write. */
export class WriteBuffer {
  readonly #bytes = new Uint8Array(BATCH_BYTES);
  #length = 0;

  /** Bytes collected. */
  get length(): number {
    return this.#length;
  }

  /** Payload bytes that one more frame could have; negative if not even its header fits. */
  get payloadRoom(): number {
    return BATCH_BYTES - this.#length - FRAME_HEADER_BYTES;
  }

  /** Begins a frame; the caller appends `length` bytes next. */
  begin(length: number, type: number, flags: number, streamId: number): void {
    writeFrameHeader(this.#bytes, this.#length, length, type, flags, streamId);
    this.#length += FRAME_HEADER_BYTES;
  }

  /** Adds bytes, for which there must be room. */
  append(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Takes what was collected; good until the next frame is added. */
  take(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return bytes;
  }
}
