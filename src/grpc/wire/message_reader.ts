/**
 * Length-prefixed messages of a request body (gRPC over HTTP/2, "Length-Prefixed-Message").
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { readUint32 } from "../../http2/frame/frame.ts";
import type { ByteBudget } from "./byte_budget.ts";

/** Bytes before each message: one for compression, four for the length. */
export const MESSAGE_PREFIX_BYTES = 5;

const MIN_BUFFER_BYTES = 1024;
const NOTHING = new Uint8Array(0);

/** A message as it came. */
export interface RawMessage {
  /** A view: good until the next `add` or `keep`, or while the caller is in the connection's event. */
  readonly bytes: Uint8Array;
  /** Whether it is compressed with the call's `grpc-encoding`. */
  readonly compressed: boolean;
}

/** Cuts a body into messages. One that arrives whole is used where it lies; others are gathered. */
export class MessageReader {
  readonly #limit: number;
  readonly #budget: ByteBudget;
  /** What has not been taken: a view of the connection's buffer, or of our own. */
  #unread: Uint8Array = NOTHING;
  #own: Uint8Array = NOTHING;

  /**
   * Takes nothing of the budget before a message is unfinished.
   *
   * @param limit the most bytes of a message
   * @param budget what unfinished messages of all calls share
   */
  constructor(limit: number, budget: ByteBudget) {
    this.#limit = limit;
    this.#budget = budget;
  }

  /** Whether all that came has been taken. */
  get empty(): boolean {
    return this.#unread.length === 0;
  }

  /**
   * Takes body bytes, which the caller may use again after {@linkcode keep}.
   *
   * @throws AppError `limit_exceeded` for a message that is too large, or if too much is unfinished in all
   */
  add(bytes: Uint8Array): void {
    this.#unread = this.empty ? bytes : this.#append(bytes);
    this.#checkLength();
  }

  /** Copies what has not been taken out of the caller's bytes. */
  keep(): void {
    if (this.empty) return this.close();
    if (this.#unread.buffer === this.#own.buffer) return;
    const rest = this.#unread;
    this.#unread = NOTHING;
    this.#unread = this.#append(rest);
  }

  /**
   * The next whole message.
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

  /** Gives the memory back. */
  close(): void {
    this.#budget.give(this.#own.length);
    this.#own = NOTHING;
    this.#unread = NOTHING;
  }

  /** Where the next message ends; undefined before its prefix is here. */
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

  /** The unread bytes and the new ones, in our own buffer. */
  #append(bytes: Uint8Array): Uint8Array {
    const have = this.#unread.length;
    const wanted = have + bytes.length;
    const start = this.#unread.byteOffset - this.#own.byteOffset;
    const fits = have > 0 && start + wanted <= this.#own.length;
    if (!fits) this.#grow(wanted);
    const at = fits ? start : 0;
    this.#own.set(bytes, at + have);
    return this.#own.subarray(at, at + wanted);
  }

  /**
   * Doubles, up to the length that was promised. Taking the promise at its word would cost us the memory at once,
   * and the client nothing.
   */
  #grow(wanted: number): void {
    const promised = this.#checkLength() ?? 0;
    const doubled = Math.max(MIN_BUFFER_BYTES, wanted, Math.min(this.#own.length * 2, promised));
    const size = this.#budget.take(doubled) ? doubled : this.#budget.take(wanted) ? wanted : undefined;
    if (size === undefined) {
      throw new AppError(
        "limit_exceeded",
        "Cannot receive the request: too many unfinished requests wait, try again later",
      );
    }
    const own = new Uint8Array(size);
    own.set(this.#unread);
    this.#budget.give(this.#own.length);
    this.#own = own;
  }
}
