/**
 * Messages that are decompressed or must wait, and are therefore copied from the connection's buffer.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { CallContext } from "./call_context.ts";
import type { BudgetHolder } from "../wire/byte_budget.ts";
import type { RawMessage } from "../wire/message_reader.ts";
import type { CallInfo } from "../wire/method.ts";

/** A copy of a message. The total size of all copies is limited: dispose each copy on every path. */
export class PendingMessage implements BudgetHolder, Disposable {
  readonly #bytes: Uint8Array;
  readonly #isCompressed: boolean;
  readonly #context: CallContext;
  readonly #onEvicted: () => void;

  /**
   * Copies a message.
   *
   * @param onEvicted called after the bytes were released because newer messages need the memory
   * @throws AppError `limit_exceeded` if there are too many copies
   */
  constructor({ bytes, compressed }: RawMessage, context: CallContext, onEvicted: () => void) {
    this.#onEvicted = onEvicted;
    if (!context.budget.reserve(bytes.length, this)) {
      throw new AppError(
        "limit_exceeded",
        "Cannot receive the request: too many requests are waiting; retry later",
      );
    }
    this.#bytes = bytes.slice();
    this.#isCompressed = compressed;
    this.#context = context;
  }

  /**
   * Returns the message, decompressed if necessary.
   *
   * @throws AppError `unsupported` for an unknown compression, or the errors of the decompression
   */
  async read({ metadata }: CallInfo, signal: AbortSignal): Promise<Uint8Array> {
    if (!this.#isCompressed) return this.#bytes;
    const { inflate, inflating, limits } = this.#context;
    const encoding = metadata.get("grpc-encoding") ?? "identity";
    if (encoding === "gzip" && inflate) {
      // One at a time: the results aren't counted by the budget, and can be a thousand times as large.
      using _turn = await inflating.acquire(signal);
      return await inflate(this.#bytes, limits.messageBytes, signal);
    }
    throw new AppError(
      "unsupported",
      `Cannot read the request: grpc-encoding "${encoding}" is not supported`,
    );
  }

  /** Releases the bytes of the copy. */
  [Symbol.dispose](): void {
    this.#context.budget.release(this);
  }

  /** @inheritdoc */
  evict(): void {
    this[Symbol.dispose]();
    this.#onEvicted();
  }
}
