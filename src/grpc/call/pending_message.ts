/**
 * Messages that outlive the buffer of their connection: to be inflated, or to wait.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { CallContext } from "./call_context.ts";
import type { RawMessage } from "../wire/message_reader.ts";
import type { CallInfo } from "../wire/method.ts";

/** A copy of a message. What all copies take together has a limit: dispose it on every path. */
export class PendingMessage implements Disposable {
  readonly #bytes: Uint8Array;
  readonly #isCompressed: boolean;
  readonly #context: CallContext;

  /** @throws AppError `limit_exceeded` while too many are held */
  constructor({ bytes, compressed }: RawMessage, context: CallContext) {
    if (!context.budget.take(bytes.length)) {
      throw new AppError(
        "limit_exceeded",
        "Cannot receive the request: too many requests wait, try again later",
      );
    }
    this.#bytes = bytes.slice();
    this.#isCompressed = compressed;
    this.#context = context;
  }

  /**
   * The message, inflated if it came compressed.
   *
   * @throws AppError `unsupported` for a compression that nobody here reads, or what inflating throws
   */
  async read({ metadata }: CallInfo, signal: AbortSignal): Promise<Uint8Array> {
    if (!this.#isCompressed) return this.#bytes;
    const { inflate, limits } = this.#context;
    const encoding = metadata.get("grpc-encoding") ?? "identity";
    if (encoding === "gzip" && inflate) return await inflate(this.#bytes, limits.messageBytes, signal);
    throw new AppError(
      "unsupported",
      `Cannot read the request: grpc-encoding "${encoding}" is not supported`,
    );
  }

  /** Makes room for others. */
  [Symbol.dispose](): void {
    this.#context.budget.give(this.#bytes.length);
  }
}
