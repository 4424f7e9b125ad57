/**
 * One call, from its headers to its status.
 *
 * @module
 */
import { abortable } from "../base/abort.ts";
import { AppError } from "../base/errors.ts";
import type { Http2Stream, StreamSink } from "../http2/stream.ts";
import type { ByteBudget } from "./byte_budget.ts";
import type { CancelDeadline, Deadlines } from "./deadlines.ts";
import type { GrpcLimits } from "./limits.ts";
import { MessageReader, type RawMessage } from "./message_reader.ts";
import type { CallInfo, Method } from "./method.ts";
import { sendMessage, sendResponseHeaders, sendTrailers, sendTrailersOnly } from "./response.ts";
import { OK, type RpcStatus, statusOf } from "./status.ts";

/**
 * Decompresses a gzip-compressed message.
 *
 * @param limit the most bytes of the result; one more is a `limit_exceeded`
 */
export type Inflate = (bytes: Uint8Array, limit: number, signal: AbortSignal) => Promise<Uint8Array>;

/** What the calls of a server share. */
export interface CallContext {
  /** How much a call may carry. */
  readonly limits: GrpcLimits;
  /** What requests in memory share. */
  readonly budget: ByteBudget;
  /** Where deadlines are kept. */
  readonly deadlines: Deadlines;
  /** Reads compressed requests, if they are read. */
  readonly inflate: Inflate | undefined;
  /** The status for what a handler throws. */
  readonly statusOf: (error: unknown) => RpcStatus;
  /** The call is over. Called once, after its status was queued or its client was gone. */
  readonly ended: (call: Call, status: RpcStatus, error: unknown) => void;
}

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
  /** Exchanges only: the answer that the next one must wait for. */
  #lastAnswer: Promise<void> = Promise.resolve();
  #pending = 0;

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
      if (this.#method.kind === "exchange") this.#takeExchanges(last);
      else if (last) this.#takeOnly(this.#method);
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
  #takeOnly(method: Method): void {
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

  /** For a message that outlives the connection's buffer: to be inflated, or to wait until its client reads. */
  async #runLater(method: Method, message: RawMessage): Promise<void> {
    const held = this.#hold(message);
    try {
      const bytes = message.compressed ? await this.#inflate(held) : held;
      while (this.#stream.congested) await abortable(this.#stream.uncongested(), this.#controller.signal);
      this.#run(method, bytes);
    } finally {
      this.#context.budget.give(held.length);
    }
  }

  #takeExchanges(last: boolean): void {
    for (let message = this.#reader.next(); message; message = this.#reader.next()) {
      if (++this.#pending > this.#context.limits.pendingExchanges) {
        throw new AppError("limit_exceeded", "Cannot go on with the exchange: too many requests wait");
      }
      this.#lastAnswer = this.#exchange(message, this.#lastAnswer).catch(this.#failed);
    }
    if (last) this.#lastAnswer.then(() => this.#end(OK, undefined));
  }

  /** @param before resolves when the answers before this one are out */
  async #exchange(message: RawMessage, before: Promise<void>): Promise<void> {
    const held = this.#hold(message);
    try {
      await before;
      if (this.#over || this.#method.kind !== "exchange") return;
      const bytes = message.compressed ? await this.#inflate(held) : held;
      const answer = await this.#method.respond(bytes, this.info, this.#controller.signal);
      this.#pending--;
      await this.#send(answer);
    } finally {
      this.#context.budget.give(held.length);
    }
  }

  /** A copy of the message, counted until its holder gives it back. */
  #hold(message: RawMessage): Uint8Array {
    if (this.#context.budget.take(message.bytes.length)) return message.bytes.slice();
    throw new AppError(
      "limit_exceeded",
      "Cannot receive the request: too many requests wait, try again later",
    );
  }

  async #inflate(bytes: Uint8Array): Promise<Uint8Array> {
    const { inflate, limits } = this.#context;
    const encoding = this.info.metadata.get("grpc-encoding") ?? "identity";
    if (encoding !== "gzip" || !inflate) {
      throw new AppError(
        "unsupported",
        `Cannot read the request: grpc-encoding "${encoding}" is not supported`,
      );
    }
    return await inflate(bytes, limits.messageBytes, this.#controller.signal);
  }

  /** Reads the request before it returns; the answer may come later. */
  #run(method: Method, request: Uint8Array): void {
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
