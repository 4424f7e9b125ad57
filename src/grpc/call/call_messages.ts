/**
 * Many requests on one stream, each with one answer, in their order.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { CallContext } from "./call_context.ts";
import { PendingMessage } from "./pending_message.ts";
import type { MessageReader, RawMessage } from "../wire/message_reader.ts";
import type { BidiStreamMethod, CallInfo } from "../wire/method.ts";

/** What an exchange needs of its call. */
export interface MessagesCall {
  /** What the handler may know. */
  readonly info: CallInfo;
  /** Aborted when the call fails. */
  readonly signal: AbortSignal;
  /** Whether the call has its status. */
  isOver(): boolean;
  /** Sends an answer, and waits until there is room for another. */
  send(answer: Uint8Array): Promise<void>;
  /** All answers are out. */
  done(): void;
  /** Something failed. */
  failed(error: unknown): void;
}

/** The requests of one call that are not answered yet. */
export class CallMessages {
  readonly #method: BidiStreamMethod;
  readonly #context: CallContext;
  readonly #call: MessagesCall;
  /** Resolves when all answers so far are out. */
  #lastAnswer: Promise<void> = Promise.resolve();
  #pending = 0;

  /** Nothing was asked yet. */
  constructor(method: BidiStreamMethod, context: CallContext, call: MessagesCall) {
    this.#method = method;
    this.#context = context;
    this.#call = call;
  }

  /**
   * Takes the requests that the reader has whole.
   *
   * @param last whether no more can come
   * @throws AppError `limit_exceeded`
   */
  take(reader: MessageReader, last: boolean): void {
    const failed = (error: unknown) => this.#call.failed(error);
    for (let message = reader.next(); message; message = reader.next()) {
      if (++this.#pending > this.#context.limits.pendingExchanges) {
        throw new AppError("limit_exceeded", "Cannot go on with the exchange: too many requests wait");
      }
      this.#lastAnswer = this.#answer(message, this.#lastAnswer).catch(failed);
    }
    if (last) this.#lastAnswer.then(() => this.#call.done());
  }

  /** @param before resolves when the answers before this one are out */
  async #answer(message: RawMessage, before: Promise<void>): Promise<void> {
    const { info, signal } = this.#call;
    using held = new PendingMessage(message, this.#context);
    await before;
    if (this.#call.isOver()) return;
    const answer = await this.#method.respond(await held.read(info, signal), info, signal);
    this.#pending--;
    await this.#call.send(answer);
  }
}
