/**
 * What a stream still has to send, in the order of the protocol: headers, DATA, and the end.
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
 * Why a turn ended. `idle`: nothing more to send now; `more`: its DATA goes on at the next turn; `blocked`: a
 * window is shut; `full`: the batch is; `done`: the end of the stream is in the batch.
 */
export type TurnEnd = "idle" | "more" | "blocked" | "full" | "done";

/** How the stream ends, once the queued DATA is out. */
type Ending = { readonly by: "data" } | { readonly by: "trailers"; readonly block: Uint8Array };

/** The sending half of a stream. */
export class SendQueue {
  /** What the peer lets this stream send. */
  readonly window: SendWindow;
  /** DATA bytes that wait. */
  bytes = 0;
  /** Since when a shut window has kept DATA waiting, in milliseconds of `performance.now()`. */
  blockedAt: number | undefined;
  readonly #chunks = new Queue<Uint8Array>();
  #offset = 0;
  #headers: Uint8Array | undefined;
  #ending: Ending | undefined;

  readonly #budget: SendBudget;

  /**
   * Empty.
   *
   * @param windowBytes the peer's window for new streams
   * @param budget where the connection counts what all its streams have waiting
   */
  constructor(windowBytes: number, budget: SendBudget) {
    this.window = new SendWindow(windowBytes);
    this.#budget = budget;
  }

  /** Whether the end is queued or out: nothing may be added. */
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

  /** Queues the end: an empty DATA flag, or trailers. */
  end(trailers?: Uint8Array): void {
    this.#ending = trailers === undefined ? { by: "data" } : { by: "trailers", block: trailers };
  }

  /** Drops everything. */
  clear(): void {
    this.#chunks.clear();
    this.#count(-this.bytes);
    this.#headers = undefined;
  }

  /**
   * Puts one turn's frames into the batch: headers if they wait, at most one DATA frame, and the end if that was
   * the last. One frame a turn is what makes streams share the connection.
   *
   * @param connection the connection's window, shared by its streams
   */
  writeTurn(batch: WriteBuffer, streamId: number, connection: SendWindow): TurnEnd {
    if (this.#headers) {
      // A response without a body ends in its header frame.
      const last = this.#ending?.by === "data" && this.bytes === 0;
      if (batch.payloadRoom < this.#headers.length) return "full";
      putBlock(batch, this.#headers, last ? LAST_HEADERS_FLAGS : HEADERS_FLAGS, streamId);
      this.#headers = undefined;
      if (last) return "done";
    }
    if (this.bytes > 0) {
      const end = this.#writeData(batch, streamId, connection);
      if (end !== "idle") return end;
    }
    if (this.#ending === undefined) return "idle";
    const block = this.#ending.by === "trailers" ? this.#ending.block : undefined;
    if (batch.payloadRoom < (block?.length ?? 0)) return "full";
    if (block) putBlock(batch, block, LAST_HEADERS_FLAGS, streamId);
    else batch.begin(0, FrameType.data, FrameFlag.endStream, streamId);
    return "done";
  }

  /** "idle" if all the DATA is out. */
  #writeData(batch: WriteBuffer, streamId: number, connection: SendWindow): TurnEnd {
    const open = Math.min(this.window.available, connection.available);
    if (open <= 0) return "blocked";
    // The peer's own frame limit is never below this; small frames keep the turns short.
    const length = Math.min(this.bytes, FRAME_PAYLOAD_BYTES, open, batch.payloadRoom);
    if (length <= 0) return "full";
    const last = length === this.bytes && this.#ending?.by === "data";
    batch.begin(length, FrameType.data, last ? FrameFlag.endStream : 0, streamId);
    this.#moveTo(batch, length);
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

  #moveTo(batch: WriteBuffer, length: number): void {
    let left = length;
    while (left > 0) {
      const chunk = this.#chunks.peek() as Uint8Array;
      const end = Math.min(chunk.length, this.#offset + left);
      batch.append(this.#offset === 0 && end === chunk.length ? chunk : chunk.subarray(this.#offset, end));
      left -= end - this.#offset;
      this.#offset = end;
      if (end === chunk.length) {
        this.#chunks.shift();
        this.#offset = 0;
      }
    }
  }
}

function putBlock(batch: WriteBuffer, block: Uint8Array, flags: number, streamId: number): void {
  batch.begin(block.length, FrameType.headers, flags, streamId);
  batch.append(block);
}
