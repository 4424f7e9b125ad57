/**
 * One call, from its headers to its status.
 *
 * @module
 */
import { abortable } from "../../base/abort.ts";
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

/** Takes the request from its stream, runs the handler, and sends what it gives. */
export class Call implements StreamSink {
  /** What the handler may know. */
  readonly info: CallInfo;
  /** When the headers came, in milliseconds of `performance.now()`. */
  readonly startedAt: number = performance.now();
  readonly #stream: Http2Stream;
  readonly #method: Method;
  readonly #context: CallContext;
  readonly #reader: MessageReader;
  readonly #controller = new AbortController();
  #cancelDeadline: CancelDeadline | undefined;
  #headersSent = false;
  #over = false;
  #exchange: CallMessages | undefined;

  /** The body and the deadline follow. */
  constructor(stream: Http2Stream, info: CallInfo, method: Method, context: CallContext) {
    this.#stream = stream;
    this.info = info;
    this.#method = method;
    this.#context = context;
    this.#reader = new MessageReader(context.limits.messageBytes, context.budget);
  }

  /** Ends the call with DEADLINE_EXCEEDED in `ms` milliseconds, if it is still under way. */
  setDeadline(ms: number): void {
    this.#cancelDeadline = this.#context.deadlines.add(ms, this.startedAt, () => {
      this.fail(
        new AppError("deadline_exceeded", `Cannot finish "${this.info.method}": its deadline has passed`),
      );
    });
  }

  /** Ends the call with the status of a failure that is not the handler's. */
  fail(error: AppError): void {
    this.#end(statusOf(error), error);
  }

  /** @internal For the stream. */
  data(bytes: Uint8Array, last: boolean): void {
    if (this.#over) return;
    try {
      this.#reader.add(bytes);
      const method = this.#method;
      if (method.kind === "exchange") (this.#exchange ??= this.#begin(method)).take(this.#reader, last);
      else if (last) this.#takeOnly(method);
      this.#reader.keep();
    } catch (error) {
      if (error instanceof AppError) this.fail(error);
      else throw error;
    }
  }

  /** @internal For the stream: the client is gone, so nothing can be sent. */
  aborted(reason: AppError): void {
    if (!this.#over) this.#finish(statusOf(reason), reason);
  }

  /** The one message of a request; anything else is a broken client. */
  #takeOnly(method: UnaryMethod | StreamMethod): void {
    const message = this.#reader.next();
    if (!message || !this.#reader.empty) {
      throw new AppError(
        "internal",
        `Cannot read the request of "${this.info.method}": it is not one message`,
      );
    }
    if (message.compressed || this.#stream.congested) this.#runLater(method, message).catch(this.#failed);
    else this.#run(method, message.bytes);
  }

  /** For a message that must be inflated, or that waits until its client reads. */
  async #runLater(method: UnaryMethod | StreamMethod, message: RawMessage): Promise<void> {
    const { signal } = this.#controller;
    using held = new PendingMessage(message, this.#context);
    const bytes = await held.read(this.info, signal);
    while (this.#stream.congested) await abortable(this.#stream.uncongested(), signal);
    this.#run(method, bytes);
  }

  #begin(method: BidiStreamMethod): CallMessages {
    return new CallMessages(method, this.#context, {
      info: this.info,
      signal: this.#controller.signal,
      isOver: () => this.#over,
      send: (answer) => this.#send(answer),
      done: () => this.#end(OK, undefined),
      failed: this.#failed,
    });
  }

  /** Reads the request before it returns; the answer may come later. */
  #run(method: UnaryMethod | StreamMethod, request: Uint8Array): void {
    if (this.#over) return;
    try {
      const { signal } = this.#controller;
      if (method.kind === "server_stream") {
        this.#sendAll(method.respond(request, this.info, signal)).catch(this.#failed);
        return;
      }
      const answer = method.respond(request, this.info, signal);
      if (answer instanceof Promise) answer.then((bytes) => this.#sendOnly(bytes)).catch(this.#failed);
      else this.#sendOnly(answer);
    } catch (error) {
      this.#failed(error);
    }
  }

  #sendOnly(answer: Uint8Array): void {
    if (this.#over) return;
    this.#write(answer);
    this.#end(OK, undefined);
  }

  async #sendAll(answers: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const answer of answers) {
      if (this.#over) return;
      await this.#send(answer);
    }
    this.#end(OK, undefined);
  }

  async #send(answer: Uint8Array): Promise<void> {
    if (this.#over || this.#write(answer)) return;
    await abortable(this.#stream.drained(), this.#controller.signal);
  }

  #write(answer: Uint8Array): boolean {
    const limit = this.#context.limits.messageBytes;
    if (answer.length > limit) {
      throw new AppError(
        "limit_exceeded",
        `Cannot send the answer: the message has ${answer.length} bytes, at most ${limit} are allowed`,
      );
    }
    if (!this.#headersSent) sendResponseHeaders(this.#stream);
    this.#headersSent = true;
    return sendMessage(this.#stream, answer);
  }

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
    // After a success nobody listens; an abort then would only cost time.
    if (status.code !== 0) this.#controller.abort(error);
    this.#context.ended(this, status, error);
  }
}
