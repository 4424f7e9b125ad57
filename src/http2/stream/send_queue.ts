/**
 * The queued output of a stream, in the order of the protocol: headers, DATA, end.
 *
 * @module
 */
import type { WriteBuffer } from "./write_buffer.ts";
import { Queue } from "./queue.ts";
import { SendWindow } from "./flow_window.ts";
import { FRAME_PAYLOAD_BYTES, FrameFlag, FrameType } from "../frame/frame.ts";
import type { SendBudget } from "./send_budget.ts";

const HEADERS_FLAGS = FrameFlag.endHeaders;
const LAST_HEADERS_FLAGS = FrameFlag.endHeaders | FrameFlag.endStream;

/**
 * The state after {@linkcode SendQueue.writeNext}. `idle`: nothing is queued; `more`: more DATA is queued; `blocked`: a
 * window is exhausted; `full`: the write buffer is full; `done`: the end of the stream is in the write buffer.
 */
export type WriteResult = "idle" | "more" | "blocked" | "full" | "done";

/** How the stream ends after the queued DATA. */
type Ending = { readonly by: "data" } | { readonly by: "trailers"; readonly block: Uint8Array };

/** The queued output of a stream. */
export class SendQueue {
  /** The stream's send window. */
  readonly window: SendWindow;
  /** Number of queued DATA bytes. */
  bytes = 0;
  /** When the output was blocked by a window, in milliseconds of `performance.now()`; undefined while it isn't. */
  blockedAt: number | undefined;
  readonly #chunks = new Queue<Uint8Array>();
  #offset = 0;
  #headers: Uint8Array | undefined;
  #ending: Ending | undefined;

  readonly #budget: SendBudget;

  /**
   * Creates an empty queue.
   *
   * @param windowBytes the initial send window
   * @param budget counts the queued bytes of the connection
   */
  constructor(windowBytes: number, budget: SendBudget) {
    this.window = new SendWindow(windowBytes);
    this.#budget = budget;
  }

  /** Whether the end is queued or written: nothing may be added. */
  get ended(): boolean {
    return this.#ending !== undefined;
  }

  /** Queues the response headers. */
  headers(block: Uint8Array): void {
    this.#headers = block;
  }

  /** Queues DATA bytes, which must not change afterwards. */
  data(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#chunks.push(bytes);
    this.#count(bytes.length);
  }

  /** Queues the end: trailers, or the END_STREAM flag of the last DATA frame. */
  end(trailers?: Uint8Array): void {
    this.#ending = trailers === undefined ? { by: "data" } : { by: "trailers", block: trailers };
  }

  /** Discards everything that is queued. */
  clear(): void {
    this.#chunks.clear();
    this.#count(-this.bytes);
    this.#headers = undefined;
  }

  /**
   * Writes the next frames to the buffer: queued headers, at most one DATA frame, and the end after the last DATA. One
   * DATA frame per call shares the connection fairly between its streams.
   *
   * @param connection the connection's send window
   */
  writeNext(buffer: WriteBuffer, streamId: number, connection: SendWindow): WriteResult {
    if (this.#headers) {
      // A response without a body ends in its header frame.
      const last = this.#ending?.by === "data" && this.bytes === 0;
      if (buffer.freePayloadBytes < this.#headers.length) return "full";
      putBlock(buffer, this.#headers, last ? LAST_HEADERS_FLAGS : HEADERS_FLAGS, streamId);
      this.#headers = undefined;
      if (last) return "done";
    }
    if (this.bytes > 0) {
      const end = this.#writeData(buffer, streamId, connection);
      if (end !== "idle") return end;
    }
    if (this.#ending === undefined) return "idle";
    const block = this.#ending.by === "trailers" ? this.#ending.block : undefined;
    if (buffer.freePayloadBytes < (block?.length ?? 0)) return "full";
    if (block) putBlock(buffer, block, LAST_HEADERS_FLAGS, streamId);
    else buffer.begin(0, FrameType.data, FrameFlag.endStream, streamId);
    return "done";
  }

  /** Returns "idle" if all DATA is written. */
  #writeData(buffer: WriteBuffer, streamId: number, connection: SendWindow): WriteResult {
    const open = Math.min(this.window.available, connection.available);
    if (open <= 0) return "blocked";
    // Every peer accepts frames of this size (RFC 9113, section 4.2); larger frames would delay the other streams.
    const length = Math.min(this.bytes, FRAME_PAYLOAD_BYTES, open, buffer.freePayloadBytes);
    if (length <= 0) return "full";
    const last = length === this.bytes && this.#ending?.by === "data";
    buffer.begin(length, FrameType.data, last ? FrameFlag.endStream : 0, streamId);
    this.#moveTo(buffer, length);
    this.#count(-length);
    this.blockedAt = undefined;
    this.window.available -= length;
    connection.available -= length;
    if (last) return "done";
    return this.bytes > 0 ? "more" : "idle";
  }

  #count(bytes: number): void {
    this.bytes += bytes;
    this.#budget.count(bytes);
  }

  #moveTo(buffer: WriteBuffer, length: number): void {
    let left = length;
    while (left > 0) {
      const chunk = this.#chunks.peek() as Uint8Array;
      const end = Math.min(chunk.length, this.#offset + left);
      buffer.append(this.#offset === 0 && end === chunk.length ? chunk : chunk.subarray(this.#offset, end));
      left -= end - this.#offset;
      this.#offset = end;
      if (end === chunk.length) {
        this.#chunks.shift();
        this.#offset = 0;
      }
    }
  }
}

function putBlock(buffer: WriteBuffer, block: Uint8Array, flags: number, streamId: number): void {
  buffer.begin(block.length, FrameType.headers, flags, streamId);
  buffer.append(block);
}
