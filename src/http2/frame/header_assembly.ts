/**
 * Assembles a header block from HEADERS and CONTINUATION (RFC 9113, sections 6.2 and 6.10).
 *
 * @module
 */
import { concatBytes } from "../../base/bytes.ts";
import { FrameFlag, readUint31 } from "./frame.ts";
import type { Http2Limits } from "./limits.ts";
import { connectionError, H2Code } from "./protocol_error.ts";

/** Returns a DATA or HEADERS payload without its padding. */
export function withoutPadding(flags: number, payload: Uint8Array): Uint8Array {
  if ((flags & FrameFlag.padded) === 0) return payload;
  const padding = payload[0];
  if (padding === undefined) throw connectionError(H2Code.frameSizeError, "a padded frame is empty");
  if (padding >= payload.length) {
    throw connectionError(H2Code.protocolError, "padding is longer than its frame");
  }
  return payload.subarray(1, payload.length - padding);
}

/** A header block that is being received; no other frame may be received before its end. */
export class HeaderAssembly {
  /** Stream id of the block. */
  readonly streamId: number;
  /** Whether the request ends with these headers. */
  readonly endsStream: boolean;
  /** Whether the stream depends on itself, which is a stream error (RFC 7540, section 5.3.1). */
  readonly dependsOnItself: boolean;
  readonly #limits: Http2Limits;
  #block: Uint8Array;
  #parts: Uint8Array[] = [];
  #length: number;
  #continuations = 0;

  /**
   * Starts with a HEADERS frame.
   *
   * @throws AppError a {@linkcode connectionError}
   */
  constructor(streamId: number, flags: number, payload: Uint8Array, limits: Http2Limits) {
    let block = withoutPadding(flags, payload);
    let dependency = 0;
    if (flags & FrameFlag.priority) {
      if (block.length < 5) {
        throw connectionError(H2Code.frameSizeError, "HEADERS is too short for its flags");
      }
      dependency = readUint31(block, 0);
      block = block.subarray(5);
    }
    this.streamId = streamId;
    this.endsStream = (flags & FrameFlag.endStream) !== 0;
    this.dependsOnItself = dependency === streamId;
    this.#limits = limits;
    this.#block = block;
    this.#length = block.length;
    // Copy only an incomplete block: it is needed after the read buffer is reused.
    if ((flags & FrameFlag.endHeaders) === 0) this.#parts = [block.slice()];
  }

  /**
   * Appends a CONTINUATION frame.
   *
   * @throws AppError a {@linkcode connectionError} with `enhanceYourCalm` if the block exceeds a limit
   */
  add(payload: Uint8Array): void {
    this.#length += payload.length;
    if (++this.#continuations > this.#limits.maxContinuations) {
      throw connectionError(H2Code.enhanceYourCalm, "a header block has too many CONTINUATION frames");
    }
    if (this.#length > this.#limits.headerBytes) {
      throw connectionError(H2Code.enhanceYourCalm, "a header block is too large");
    }
    this.#parts.push(payload.slice());
  }

  /** Returns the complete block; for a single frame, this is a view of its payload. */
  block(): Uint8Array {
    return this.#parts.length === 0 ? this.#block : concatBytes(this.#parts);
  }
}
