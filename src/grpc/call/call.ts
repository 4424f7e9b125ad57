/**
 * One call, from its headers to its status.
 *
 * @module
 */
import { abortable } from "../../base/concurrency/abort.ts";
import { AppError } from "../../base/errors.ts";
import type { Http2Stream, StreamSink } from "../../http2/stream/stream.ts";
import type { CallContext } from "./call_context.ts";
import type { CancelDeadline } from "./deadlines.ts";
import { CallMessages } from "./call_messages.ts";
import { PendingMessage } from "./pending_message.ts";
import { MessageReader, type RawMessage } from "../wire/message_reader.ts";
import type { BidiStreamMethod, CallInfo, Method, StreamMethod, UnaryMethod } from "../wire/method.ts";
import { sendMessage, sendResponseHeaders, sendTrailers, sendTrailersOnly } from "./response.ts";
import { OK, type RpcStatus, statusOf } from "../wire/status.ts";

/** Receives the request from its stream, runs the handler, and sends the response. */
export class Call implements StreamSink {
  /** The information that the handler gets. */
  readonly info: CallInfo;
  /** When the headers were received, in milliseconds of `performance.now()`. */
  readonly startedAt: number = performance.now();
  readonly #stream: Http2Stream;
  readonly #method: Method;
  readonly #context: CallContext;
  readonly #reader: MessageReader;
  readonly #controller = new AbortController();
  #cancelDeadline: CancelDeadline | undefined;
  #headersSent = false;
  #over = false;
  #messages: CallMessages | undefined;

  /** Starts a call whose body and deadline follow. */
  constructor(stream: Http2Stream, info: CallInfo, method: Method, context: CallContext) {
    this.#stream = stream;
    this.info = info;
    this.#method = method;
    this.#context = context;
    this.#reader = new MessageReader(context.limits.messageBytes, context.budget, this.#evicted);
  }

  /** Ends the call with DEADLINE_EXCEEDED if it is still in progress after `ms` milliseconds. */
  setDeadline(ms: number): void {
    this.#cancelDeadline = this.#context.deadlines.add(ms, this.startedAt, () => {
      this.fail(
        new AppError("deadline_exceeded", `Cannot finish "${this.info.method}": its deadline has passed`),
      );
    });
  }

  /** Ends the call with an error that doesn't come from the handler. */
  fail(error: AppError): void {
    this.#end(statusOf(error), error);
  }

  /** @internal For the stream. */
  data(bytes: Uint8Array, last: boolean): void {
    if (this.#over) return;
    try {
      this.#reader.add(bytes);
      const method = this.#method;
      if (method.kind === "bidi_stream") (this.#messages ??= this.#begin(method)).handle(this.#reader, last);
      else if (last) this.#handleSingle(method);
      this.#reader.retain();
    } catch (error) {
      if (error instanceof AppError) this.fail(error);
      else throw error;
    }
  }

  /** @internal For the stream: the client is disconnected, so no response can be sent. */
  aborted(reason: AppError): void {
    if (!this.#over) this.#finish(statusOf(reason), reason);
  }

  /** Handles the single message of a request. */
  #handleSingle(method: UnaryMethod | StreamMethod): void {
    const message = this.#reader.next();
    if (!message || !this.#reader.empty) {
      throw new AppError(
        "internal",
        `Cannot read the request of "${this.info.method}": it doesn't have exactly one message`,
      );
    }
    if (message.compressed || this.#stream.congested) this.#runDeferred(method, message).catch(this.#failed);
    else this.#run(method, message.bytes);
  }

  /** Handles a message that must be decompressed, or that must wait until its client reads. */
  async #runDeferred(method: UnaryMethod | StreamMethod, message: RawMessage): Promise<void> {
    const { signal } = this.#controller;
    using pending = new PendingMessage(message, this.#context, this.#evicted);
    while (this.#stream.congested) await abortable(this.#stream.uncongested(), signal);
    // Decompressed last, so that the result never waits.
    this.#run(method, await pending.read(this.info, signal));
  }

  #begin(method: BidiStreamMethod): CallMessages {
    return new CallMessages(method, this.#context, {
      info: this.info,
      signal: this.#controller.signal,
      isOver: () => this.#over,
      send: (response) => this.#send(response),
      done: () => this.#end(OK, undefined),
      failed: this.#failed,
      evicted: this.#evicted,
    });
  }

  /** Reads the request before it returns; the response may be sent later. */
  #run(method: UnaryMethod | StreamMethod, request: Uint8Array): void {
    if (this.#over) return;
    try {
      const { signal } = this.#controller;
      if (method.kind === "server_stream") {
        this.#sendAll(method.respond(request, this.info, signal)).catch(this.#failed);
        return;
      }
      const response = method.respond(request, this.info, signal);
      if (response instanceof Promise) response.then((bytes) => this.#sendOnly(bytes)).catch(this.#failed);
      else this.#sendOnly(response);
    } catch (error) {
      this.#failed(error);
    }
  }

  #sendOnly(response: Uint8Array): void {
    if (this.#over) return;
    this.#write(response);
    this.#end(OK, undefined);
  }

  async #sendAll(responses: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const response of responses) {
      if (this.#over) return;
      await this.#send(response);
    }
    this.#end(OK, undefined);
  }

  async #send(response: Uint8Array): Promise<void> {
    if (this.#over || this.#write(response)) return;
    await abortable(this.#stream.drained(), this.#controller.signal);
  }

  #write(response: Uint8Array): boolean {
    const limit = this.#context.limits.messageBytes;
    if (response.length > limit) {
      throw new AppError(
        "limit_exceeded",
        `Cannot send the response: the message has ${response.length} bytes, at most ${limit} are allowed`,
      );
    }
    if (!this.#headersSent) sendResponseHeaders(this.#stream);
    this.#headersSent = true;
    return sendMessage(this.#stream, response);
  }

  readonly #evicted = (): void => {
    this.fail(
      new AppError(
        "limit_exceeded",
        `Cannot receive the request of "${this.info.method}": newer requests need its memory; retry later`,
      ),
    );
  };

  readonly #failed = (error: unknown): void => {
    this.#end(this.#context.statusOf(error), error);
  };

  #end(status: RpcStatus, error: unknown): void {
    if (this.#over) return;
    if (this.#headersSent) {
      sendTrailers(this.#stream, status);
    } else if (status.code === 0) {
      sendResponseHeaders(this.#stream);
      sendTrailers(this.#stream, status);
    } else {
      sendTrailersOnly(this.#stream, status);
    }
    this.#finish(status, error);
  }

  #finish(status: RpcStatus, error: unknown): void {
    this.#over = true;
    this.#cancelDeadline?.();
    this.#reader.close();
    // After a success there is nothing to abort, and an abort would take time.
    if (status.code !== 0) this.#controller.abort(error);
    this.#context.ended(this, status, error);
  }
}
