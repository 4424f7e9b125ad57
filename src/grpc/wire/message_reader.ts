/**
 * Length-prefixed messages of a request body (gRPC over HTTP/2, "Length-Prefixed-Message").
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { readUint32 } from "../../http2/frame/frame.ts";
import type { BudgetHolder, ByteBudget } from "./byte_budget.ts";

/** Bytes before each message: one for the compression flag, four for the length. */
export const MESSAGE_PREFIX_BYTES = 5;

const MIN_BUFFER_BYTES = 1024;
const NOTHING = new Uint8Array(0);

/** A received message. */
export interface RawMessage {
  /** A view of a buffer, valid until the next `add` or `retain`, and only during the connection's event. */
  readonly bytes: Uint8Array;
  /** Whether the message is compressed with the call's `grpc-encoding`. */
  readonly compressed: boolean;
}

/** Splits a body into messages. Messages that are completely in the caller's buffer aren't copied. */
export class MessageReader implements BudgetHolder, Disposable {
  readonly #limit: number;
  readonly #budget: ByteBudget;
  readonly #onEvicted: () => void;
  /** The bytes that weren't consumed: a view of the caller's buffer or of `#buffer`. */
  #unread: Uint8Array = NOTHING;
  #buffer: Uint8Array = NOTHING;

  /**
   * Creates a reader. It reserves bytes only for incomplete messages.
   *
   * @param limit maximum bytes of a message
   * @param budget the limit that the incomplete messages of all calls share
   * @param onEvicted called after the reader was closed because newer messages need its memory
   */
  constructor(limit: number, budget: ByteBudget, onEvicted: () => void) {
    this.#limit = limit;
    this.#budget = budget;
    this.#onEvicted = onEvicted;
  }

  /** Whether all received bytes were consumed. */
  get empty(): boolean {
    return this.#unread.length === 0;
  }

  /**
   * Adds bytes of the body. The caller may reuse its buffer after {@linkcode retain}.
   *
   * @throws AppError `limit_exceeded` for a message above the limit, or if the budget is used up
   */
  add(bytes: Uint8Array): void {
    this.#unread = this.empty ? bytes : this.#append(bytes);
    this.#checkLength();
  }

  /** Copies the remaining bytes from the caller's buffer. @throws AppError `limit_exceeded` */
  retain(): void {
    if (this.empty) return this.close();
    if (this.#unread.buffer === this.#buffer.buffer) return;
    const rest = this.#unread;
    this.#unread = NOTHING;
    this.#unread = this.#append(rest);
  }

  /**
   * Returns the next message, or undefined if it isn't complete.
   *
   * @throws AppError `limit_exceeded`
   */
  next(): RawMessage | undefined {
    const end = this.#checkLength();
    if (end === undefined || this.#unread.length < end) return undefined;
    const message = {
      bytes: this.#unread.subarray(MESSAGE_PREFIX_BYTES, end),
      compressed: this.#unread[0] !== 0,
    };
    this.#unread = this.#unread.subarray(end);
    return message;
  }

  /** Releases the buffer. */
  close(): void {
    this.#budget.release(this);
    this.#buffer = NOTHING;
    this.#unread = NOTHING;
  }

  /** @inheritdoc */
  evict(): void {
    this.close();
    this.#onEvicted();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Returns the end of the next message; undefined if its prefix isn't complete. */
  #checkLength(): number | undefined {
    if (this.#unread.length < MESSAGE_PREFIX_BYTES) return undefined;
    const length = readUint32(this.#unread, 1);
    if (length > this.#limit) {
      throw new AppError(
        "limit_exceeded",
        `Cannot receive the request: the message has ${length} bytes, at most ${this.#limit} are allowed`,
      );
    }
    return MESSAGE_PREFIX_BYTES + length;
  }

  /** Returns the unread bytes and the new ones, in `#buffer`. */
  #append(bytes: Uint8Array): Uint8Array {
    const have = this.#unread.length;
    const needed = have + bytes.length;
    const start = this.#unread.byteOffset - this.#buffer.byteOffset;
    const hasSpace = have > 0 && start + needed <= this.#buffer.length;
    if (!hasSpace) this.#grow(needed);
    const at = hasSpace ? start : 0;
    this.#buffer.set(bytes, at + have);
    return this.#buffer.subarray(at, at + needed);
  }

  /**
   * Doubles the buffer, up to the announced length. Allocating that length immediately would let a client use our
   * memory without sending anything.
   */
  #grow(needed: number): void {
    const announced = this.#checkLength() ?? 0;
    const doubled = Math.max(MIN_BUFFER_BYTES, needed, Math.min(this.#buffer.length * 2, announced));
    const size = this.#budget.tryReserve(doubled, this)
      ? doubled
      : this.#budget.reserve(needed, this)
      ? needed
      : undefined;
    if (size === undefined) {
      throw new AppError(
        "limit_exceeded",
        "Cannot receive the request: too many incomplete requests; retry later",
      );
    }
    const buffer = new Uint8Array(size);
    buffer.set(this.#unread);
    this.#budget.releaseSome(this.#buffer.length, this);
    this.#buffer = buffer;
  }
}
