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

/** A stream with this much waiting asks its writer to pause. */
const HIGH_WATER_BYTES = 64 * KIB;

/** Who takes the request body. */
export interface StreamSink {
  /**
   * The next bytes of the body. They are a view of the connection's read buffer: good only during the call.
   *
   * @param last whether the request ends with them; may come with no bytes
   */
  data(bytes: Uint8Array, last: boolean): void;
  /** The stream ended before the response was out: a reset, a lost connection, a limit. Comes at most once. */
  aborted(reason: AppError): void;
}

/** What a stream needs of its connection. */
export interface StreamOwner {
  /** The stream has something to send. */
  ready(stream: Http2Stream): void;
  /** What all its streams have waiting. */
  readonly budget: SendBudget;
  /** The stream ends here: RST_STREAM, and nothing more. */
  reset(stream: Http2Stream, code: H2Code): void;
}

/** The server's side of a stream. Once it is closed, sending does nothing. */
export class Http2Stream {
  /** The stream's number. */
  readonly id: number;
  /** Request headers with the pseudo-headers; values of a repeated name are joined with a comma. */
  readonly headers: ReadonlyMap<string, string>;
  /** @internal The sending half; for the connection. */
  readonly outgoing: SendQueue;
  /** @internal The receiving window; for the connection. */
  readonly incoming: ReceiveWindow;
  /** @internal Body bytes that are still to come by `content-length`; undefined without one. */
  bodyLeft: number | undefined;
  /** @internal Whether the request's end is here. */
  requestEnded = false;
  /** @internal Whether the connection has this stream in its list of those with something to send. */
  listed = false;
  /** @internal When the request began, in milliseconds of `performance.now()`. */
  readonly openedAt: number = performance.now();
  /** @internal Where the body goes. */
  sink: StreamSink = IGNORE_BODY;
  readonly #owner: StreamOwner;
  #closed = false;
  #drained: { readonly promise: Promise<void>; readonly resolve: () => void } | undefined;

  /** Made by the connection. */
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

  /** Whether the stream is over, by either side. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Whether so much waits for this client, or for all, that no more answers should be made now. */
  get congested(): boolean {
    return this.#owner.budget.full;
  }

  /** Resolves when the stream is next not congested; at the latest when its connection is closed. */
  uncongested(): Promise<void> {
    return this.#owner.budget.room();
  }

  /**
   * Queues the response headers. Call it once, before any body.
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
   * @returns false if enough is waiting that the caller should wait for {@linkcode drained}
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
   * Ends the response after what was queued.
   *
   * @param trailers a header block of at most 16 KiB; without it the body just ends
   * @throws AppError `limit_exceeded`
   */
  end(trailers?: Uint8Array): void {
    if (this.#unsendable) return;
    if (trailers) checkBlock(trailers);
    this.outgoing.end(trailers);
    this.#owner.ready(this);
  }

  /** Ends the stream at once; queued bytes are dropped, and the sink hears nothing more. */
  reset(code: H2Code = H2Code.cancel): void {
    if (!this.#closed) this.#owner.reset(this, code);
  }

  /** @internal Wakes a writer that waits, if there is room now. */
  wakeWriter(): void {
    if (this.#drained === undefined || (!this.#closed && this.outgoing.bytes >= HIGH_WATER_BYTES)) return;
    this.#drained.resolve();
    this.#drained = undefined;
  }

  /** @internal Marks the stream as over; the sink hears of it only with a reason. */
  close(reason?: AppError): void {
    if (this.#closed) return;
    this.#closed = true;
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

/** For a response that doesn't depend on the body. */
export const IGNORE_BODY: StreamSink = { data() {}, aborted() {} };

function checkBlock(block: Uint8Array): void {
  if (block.length <= FRAME_PAYLOAD_BYTES) return;
  throw new AppError(
    "limit_exceeded",
    `Cannot send headers: the block has ${block.length} bytes, at most ${FRAME_PAYLOAD_BYTES} fit one frame`,
  );
}
