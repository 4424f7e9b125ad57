/**
 * The streams of one connection: opens them, delivers their input, and ends them.
 *
 * @module
 */
import type { AppError } from "../base/errors.ts";
import { ReceiveWindow } from "./stream/flow_window.ts";
import { DEFAULT_WINDOW_BYTES, encodeResetStream } from "./frame/frame.ts";
import type { FrameTarget } from "./receive/frame_target.ts";
import { encodeHeaderBlock } from "./hpack/encoder.ts";
import type { Http2Limits } from "./frame/limits.ts";
import type { FrameWriter } from "./stream/frame_writer.ts";
import { connectionError, H2Code, requestAborted } from "./frame/protocol_error.ts";
import type { OpenRequests } from "./stream/open_requests.ts";
import { SendBudget, type SharedTotal } from "./stream/send_budget.ts";
import { SendQueue } from "./stream/send_queue.ts";
import { Http2Stream, type StreamOwner, type StreamSink } from "./stream/stream.ts";
import { StreamTable } from "./stream/stream_table.ts";
import { TokenBucket } from "./frame/token_bucket.ts";

/** Serves a request: returns the sink for its body, and sends the response through the stream, now or later. */
export type Http2StreamHandler = (stream: Http2Stream) => StreamSink;

/** Options of {@linkcode ConnectionStreams}. */
export interface StreamsOptions {
  /** Called for each request; if it throws, the stream is reset. */
  readonly onStream: Http2StreamHandler;
  /** Called for exceptions of handlers; for the log. */
  readonly onError: (error: unknown) => void;
  /** The result of `resolveHttp2Limits`. */
  readonly limits: Http2Limits;
  /** Counter of queued response bytes, shared by the connections of a server. */
  readonly queued: SharedTotal;
  /** The open requests of all connections of a server. */
  readonly requests: OpenRequests;
}

/** Events for the connection. */
export interface StreamsEvents {
  /** No stream is open any more. */
  lastStreamEnded(): void;
  /** The peer has acknowledged our PING. */
  pingAcknowledged(): void;
}

const HEADERS_TOO_LARGE = encodeHeaderBlock([[":status", "431"]]);

/** Manages the streams of a connection. */
export class ConnectionStreams implements FrameTarget, StreamOwner {
  /** The open streams, and the states of all other stream ids. */
  readonly streams: StreamTable = new StreamTable();
  /** Counts the queued response bytes of all streams. */
  readonly budget: SendBudget;
  /** Writes the frames of the connection. */
  readonly writer: FrameWriter;
  /** The initial send window of new streams, in bytes. */
  peerWindowBytes: number = DEFAULT_WINDOW_BYTES;
  readonly #options: StreamsOptions;
  readonly #limits: Http2Limits;
  readonly #events: StreamsEvents;
  readonly #resets: TokenBucket;
  #incomplete = 0;

  /** Creates the manager, without streams. */
  constructor(writer: FrameWriter, options: StreamsOptions, events: StreamsEvents) {
    this.writer = writer;
    this.#options = options;
    this.#limits = options.limits;
    this.#events = events;
    this.budget = new SendBudget(options.limits, options.queued);
    this.#resets = new TokenBucket(options.limits.resets, performance.now());
  }

  /** Opens a stream for a well-formed request. Returns undefined if the stream was refused or is already over. */
  openStream(
    streamId: number,
    headers: ReadonlyMap<string, string>,
    tooLarge: boolean,
  ): Http2Stream | undefined {
    const { size } = this.streams.open;
    if (size >= this.#limits.maxStreams || !this.#options.requests.admit(headers, size)) {
      this.resetForFault(streamId, H2Code.refusedStream);
      return undefined;
    }
    const outgoing = new SendQueue(this.peerWindowBytes, this.budget);
    const incoming = new ReceiveWindow(this.#limits.streamWindowBytes);
    const stream = new Http2Stream(this, streamId, headers, { outgoing, incoming });
    this.streams.open.set(streamId, stream);
    this.#options.requests.opened(stream);
    this.#incomplete++;
    if (tooLarge) {
      stream.sendHeaders(HEADERS_TOO_LARGE);
      stream.end();
      return stream;
    }
    try {
      stream.sink = this.#options.onStream(stream);
    } catch (error) {
      this.#options.onError(error);
      this.reset(stream, H2Code.internalError);
    }
    return stream.closed ? undefined : stream;
  }

  /** Passes the next bytes of the body to the stream's sink. An exception of the sink resets only this stream. */
  deliver(stream: Http2Stream, bytes: Uint8Array, last: boolean): void {
    if (last) this.#completed(stream);
    try {
      stream.sink.data(bytes, last);
    } catch (error) {
      this.#options.onError(error);
      stream.reset(H2Code.internalError);
    }
  }

  /** Schedules the stream's output. */
  ready(stream: Http2Stream): void {
    this.writer.ready(stream);
  }

  /** Closes a stream whose response is completely in the write buffer. */
  sent(stream: Http2Stream): void {
    if (stream.requestEnded) {
      this.streams.remove(stream.id);
    } else {
      // Ask the client to stop sending the request (RFC 9113, section 8.1).
      this.streams.removeReset(stream.id);
      this.writer.control(encodeResetStream(stream.id, H2Code.noError));
    }
    stream.close();
    this.#streamEnded();
  }

  /** Resets a stream because of a failure on our side. */
  reset(stream: Http2Stream, code: H2Code): void {
    this.#drop(stream, code, undefined);
  }

  /** Resets a stream because newer requests need its memory. */
  evict(stream: Http2Stream): void {
    this.#drop(stream, H2Code.enhanceYourCalm, requestAborted("there are too many incomplete requests"));
  }

  /** Stops counting a stream. */
  closed(stream: Http2Stream): void {
    if (!stream.requestEnded) this.#incomplete--;
    this.#options.requests.closed(stream);
  }

  /** Resets a stream because the peer violated the protocol. @throws AppError above the rate limit */
  resetForFault(streamId: number, code: H2Code): void {
    this.#countReset();
    const stream = this.streams.open.get(streamId);
    if (stream) return this.#drop(stream, code, requestAborted("the client violated the protocol"));
    this.streams.removeReset(streamId);
    this.writer.control(encodeResetStream(streamId, code));
  }

  /** Closes a stream that the peer has reset. @throws AppError above the rate limit */
  resetByPeer(stream: Http2Stream, reason: AppError): void {
    this.streams.remove(stream.id);
    stream.close(reason);
    this.#streamEnded();
    this.#countReset();
  }

  /** Forwards the event. */
  pingAcknowledged(): void {
    this.#events.pingAcknowledged();
  }

  /**
   * When the oldest request began, in milliseconds of `performance.now()`, if all requests of the connection are
   * incomplete; otherwise undefined.
   */
  get incompleteSince(): number | undefined {
    const { open } = this.streams;
    if (open.size === 0 || this.#incomplete < open.size) return undefined;
    const [oldest] = open.values();
    return oldest?.openedAt;
  }

  /** Closes all streams without sending anything. */
  abortAll(reason: AppError): void {
    for (const stream of [...this.streams.open.values()]) {
      this.streams.remove(stream.id);
      stream.close(reason);
    }
  }

  /**
   * Resets the streams that exceed a time limit.
   *
   * @param now milliseconds of `performance.now()`
   */
  check(now: number): void {
    for (const stream of this.streams.open.values()) {
      const { blockedAt } = stream.outgoing;
      const stalled = blockedAt !== undefined && now - blockedAt > this.#limits.writeStallMs;
      const late = !stream.requestEnded && now - stream.openedAt > this.#limits.requestMs;
      if (!stalled && !late) continue;
      const found = stalled ? "the client doesn't read the response" : "the request wasn't sent in time";
      this.#drop(stream, H2Code.cancel, requestAborted(found));
    }
  }

  #drop(stream: Http2Stream, code: H2Code, reason: AppError | undefined): void {
    this.streams.removeReset(stream.id);
    this.writer.control(encodeResetStream(stream.id, code));
    stream.close(reason);
    this.#streamEnded();
  }

  #completed(stream: Http2Stream): void {
    if (stream.requestEnded) return;
    stream.requestEnded = true;
    this.#incomplete--;
    this.#options.requests.completed(stream);
  }

  #countReset(): void {
    if (this.#resets.take(performance.now())) return;
    throw connectionError(H2Code.enhanceYourCalm, "too many streams are reset");
  }

  #streamEnded(): void {
    if (this.streams.open.size === 0) this.#events.lastStreamEnded();
  }
}
