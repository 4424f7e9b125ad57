/**
 * One request and its response.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import type { ReceiveWindow } from "./flow_window.ts";
import { FRAME_PAYLOAD_BYTES } from "../frame/frame.ts";
import { H2Code } from "../frame/protocol_error.ts";
import type { SendBudget } from "./send_budget.ts";
import type { SendQueue } from "./send_queue.ts";

/** `write` returns false while at least this number of bytes is queued. */
const HIGH_WATER_BYTES = 64 * KIB;

/** Receives the request body. */
export interface StreamSink {
  /**
   * Receives the next bytes of the body.
   *
   * @param bytes a view of the connection's read buffer, valid only during the call; may be empty
   * @param last whether the request ends with these bytes
   */
  data(bytes: Uint8Array, last: boolean): void;
  /** The stream ended before the response was complete: reset, lost connection, time limit. Called at most once. */
  aborted(reason: AppError): void;
}

/** The interface of a connection for its streams. */
export interface StreamOwner {
  /** Schedules the stream's output. */
  ready(stream: Http2Stream): void;
  /** Counts the queued bytes of all streams. */
  readonly budget: SendBudget;
  /** Ends the stream with RST_STREAM. */
  reset(stream: Http2Stream, code: H2Code): void;
  /** Ends the stream with RST_STREAM, because newer requests need its memory. */
  evict(stream: Http2Stream): void;
  /** The stream is closed. Called once. */
  closed(stream: Http2Stream): void;
}

/** The server's side of a stream. On a closed stream, the methods for sending do nothing. */
export class Http2Stream {
  /** The stream id. */
  readonly id: number;
  /** Request headers with the pseudo-headers; values of a repeated name are joined with a comma. */
  readonly headers: ReadonlyMap<string, string>;
  /** @internal The queued output; for the connection. */
  readonly outgoing: SendQueue;
  /** @internal The receive window; for the connection. */
  readonly incoming: ReceiveWindow;
  /** @internal Remaining bytes of the body according to `content-length`; undefined without this header. */
  bodyLeft: number | undefined;
  /** @internal Whether the request is complete. */
  requestEnded = false;
  /** @internal Whether the frame writer has this stream in its queue. */
  queued = false;
  /** @internal When the request began, in milliseconds of `performance.now()`. */
  readonly openedAt: number = performance.now();
  /** @internal Receives the body. */
  sink: StreamSink = IGNORE_BODY;
  readonly #owner: StreamOwner;
  #closed = false;
  #drained: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  /** Streams are created by their connection. */
  constructor(
    owner: StreamOwner,
    id: number,
    headers: ReadonlyMap<string, string>,
    halves: { readonly outgoing: SendQueue; readonly incoming: ReceiveWindow },
  ) {
    this.#owner = owner;
    this.id = id;
    this.headers = headers;
    this.outgoing = halves.outgoing;
    this.incoming = halves.incoming;
  }

  /** Whether either side has ended the stream. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether the queued bytes of this connection, or of all, exceed the limit: responses should wait. */
  get congested(): boolean {
    return this.#owner.budget.full;
  }

  /** Resolves as soon as the stream isn't congested, and when the connection is closed. */
  uncongested(): Promise<void> {
    return this.#owner.budget.whenNotFull();
  }

  /**
   * Queues the response headers. Call it once, before the body.
   *
   * @param block from `encodeHeaderBlock`, at most 16 KiB
   * @throws AppError `limit_exceeded`
   */
  sendHeaders(block: Uint8Array): void {
    if (this.#unsendable) return;
    checkBlock(block);
    this.outgoing.headers(block);
    this.#owner.ready(this);
  }

  /**
   * Queues body bytes, which must not change afterwards.
   *
   * @returns false if the caller should wait for {@linkcode drained} before it writes more
   */
  write(bytes: Uint8Array): boolean {
    if (this.#unsendable) return true;
    this.outgoing.data(bytes);
    this.#owner.ready(this);
    return this.outgoing.bytes < HIGH_WATER_BYTES;
  }

  /** Resolves when more can be written, and also when the stream is closed. */
  drained(): Promise<void> {
    if (this.#closed || this.outgoing.bytes < HIGH_WATER_BYTES) return Promise.resolve();
    this.#drained ??= Promise.withResolvers<void>();
    return this.#drained.promise;
  }

  /**
   * Ends the response after the queued output.
   *
   * @param trailers a header block of at most 16 KiB
   * @throws AppError `limit_exceeded`
   */
  end(trailers?: Uint8Array): void {
    if (this.#unsendable) return;
    if (trailers) checkBlock(trailers);
    this.outgoing.end(trailers);
    this.#owner.ready(this);
  }

  /** Resets the stream immediately. Queued bytes are discarded; the sink isn't called any more. */
  reset(code: H2Code = H2Code.cancel): void {
    if (!this.#closed) this.#owner.reset(this, code);
  }

  /** @internal Resets the stream in favour of newer requests, and calls the sink's `aborted`. */
  evict(): void {
    if (!this.#closed) this.#owner.evict(this);
  }

  /** @internal Resolves `drained()` if more can be written now. */
  wakeWriter(): void {
    if (this.#drained === undefined || (!this.#closed && this.outgoing.bytes >= HIGH_WATER_BYTES)) return;
    this.#drained.resolve();
    this.#drained = undefined;
  }

  /** @internal Marks the stream as closed. With a reason, calls the sink's `aborted`. */
  close(reason?: AppError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#owner.closed(this);
    this.outgoing.clear();
    this.wakeWriter();
    const sink = this.sink;
    this.sink = IGNORE_BODY;
    if (reason) sink.aborted(reason);
  }

  get #unsendable(): boolean {
    return this.#closed || this.outgoing.ended;
  }
}

/** A sink for requests whose body is ignored. */
export const IGNORE_BODY: StreamSink = { data() {}, aborted() {} };

function checkBlock(block: Uint8Array): void {
  if (block.length <= FRAME_PAYLOAD_BYTES) return;
  throw new AppError(
    "limit_exceeded",
    `Cannot send headers: the block has ${block.length} bytes, at most ${FRAME_PAYLOAD_BYTES} are allowed`,
  );
}
