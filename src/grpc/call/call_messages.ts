/**
 * Bidirectional streaming: several requests on one stream, with one response each, in their order.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { CallContext } from "./call_context.ts";
import { PendingMessage } from "./pending_message.ts";
import type { MessageReader, RawMessage } from "../wire/message_reader.ts";
import type { BidiStreamMethod, CallInfo } from "../wire/method.ts";

/** The interface of a call for its messages. */
export interface MessagesCall {
  /** The information that the handler gets. */
  readonly info: CallInfo;
  /** Aborted when the call fails. */
  readonly signal: AbortSignal;
  /** Whether the call has ended. */
  isOver(): boolean;
  /** Sends a response, and waits until the next one can be sent. */
  send(response: Uint8Array): Promise<void>;
  /** All responses were sent. */
  done(): void;
  /** A request failed. */
  failed(error: unknown): void;
  /** Newer requests need the memory of a request. */
  evicted(): void;
}

/** Handles the requests of one call. */
export class CallMessages {
  readonly #method: BidiStreamMethod;
  readonly #context: CallContext;
  readonly #call: MessagesCall;
  /** Resolves when the responses to all requests so far were sent. */
  #lastResponse: Promise<void> = Promise.resolve();
  #pending = 0;

  /** Creates a handler; {@linkcode handle} starts requests. */
  constructor(method: BidiStreamMethod, context: CallContext, call: MessagesCall) {
    this.#method = method;
    this.#context = context;
    this.#call = call;
  }

  /**
   * Starts the requests that the reader has received completely.
   *
   * @param last whether the client has ended the stream
   * @throws AppError `limit_exceeded` for too many requests without a response
   */
  handle(reader: MessageReader, last: boolean): void {
    const failed = (error: unknown) => this.#call.failed(error);
    for (let message = reader.next(); message; message = reader.next()) {
      if (++this.#pending > this.#context.limits.pendingMessages) {
        throw new AppError("limit_exceeded", "Cannot continue the call: too many requests are waiting");
      }
      this.#lastResponse = this.#respond(message, this.#lastResponse).catch(failed);
    }
    if (last) this.#lastResponse.then(() => this.#call.done());
  }

  /** @param before resolves when the previous responses were sent */
  async #respond(message: RawMessage, before: Promise<void>): Promise<void> {
    const { info, signal } = this.#call;
    using pending = new PendingMessage(message, this.#context, () => this.#call.evicted());
    await before;
    if (this.#call.isOver()) return;
    const response = await this.#method.respond(await pending.read(info, signal), info, signal);
    this.#pending--;
    await this.#call.send(response);
  }
}
