/**
 * The streams of one connection: opening them, feeding them, and the ways in which they end.
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
import { connectionError, H2Code, requestLost } from "./frame/protocol_error.ts";
import { SendBudget, type SharedTotal } from "./stream/send_budget.ts";
import { SendQueue } from "./stream/send_queue.ts";
import { Http2Stream, type StreamOwner, type StreamSink } from "./stream/stream.ts";
import { StreamTable } from "./stream/stream_table.ts";
import { TokenBucket } from "./frame/token_bucket.ts";

/** Serves a request: says who takes its body, and answers through the stream, now or later. */
export type Http2StreamHandler = (stream: Http2Stream) => StreamSink;

/** What streams are made with. */
export interface StreamsOptions {
  /** Called for each request; if it throws, the stream is reset. */
  readonly onStream: Http2StreamHandler;
  /** Hears of handlers that throw; for the log. */
  readonly onError: (error: unknown) => void;
  /** From `resolveHttp2Limits`. */
  readonly limits: Http2Limits;
  /** Where the connections of a server count what waits for their clients. */
  readonly queued: SharedTotal;
}

/** What the connection around them hears. */
export interface StreamsEvents {
  /** The last open stream has ended. */
  emptied(): void;
  /** The peer answers our PING. */
  pinged(): void;
}

const HEADERS_TOO_LARGE = encodeHeaderBlock([[":status", "431"]]);

/** Keeps the streams of a connection. */
export class ConnectionStreams implements FrameTarget, StreamOwner {
  /** Open streams and the numbers of the others. */
  readonly streams: StreamTable = new StreamTable();
  /** What all of them have waiting. */
  readonly budget: SendBudget;
  /** The writing half of the connection. */
  readonly outbox: FrameWriter;
  /** The peer's window for new streams. */
  peerWindowBytes: number = DEFAULT_WINDOW_BYTES;
  readonly #options: StreamsOptions;
  readonly #limits: Http2Limits;
  readonly #events: StreamsEvents;
  readonly #resets: TokenBucket;

  /** There are none yet. */
  constructor(outbox: FrameWriter, options: StreamsOptions, events: StreamsEvents) {
    this.outbox = outbox;
    this.#options = options;
    this.#limits = options.limits;
    this.#events = events;
    this.budget = new SendBudget(options.limits, options.queued);
    this.#resets = new TokenBucket(options.limits.resets, performance.now());
  }

  /** A well-formed request is here. */
  openStream(
    streamId: number,
    headers: ReadonlyMap<string, string>,
    tooLarge: boolean,
  ): Http2Stream | undefined {
    if (this.streams.open.size >= this.#limits.maxStreams) {
      this.resetForFault(streamId, H2Code.refusedStream);
      return undefined;
    }
    const outgoing = new SendQueue(this.peerWindowBytes, this.budget);
    const incoming = new ReceiveWindow(this.#limits.streamWindowBytes);
    const stream = new Http2Stream(this, streamId, headers, { outgoing, incoming });
    this.streams.open.set(streamId, stream);
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

  /** Gives the stream's sink the next bytes; a sink that throws costs only its stream. */
  deliver(stream: Http2Stream, bytes: Uint8Array, last: boolean): void {
    stream.requestEnded = last;
    try {
      stream.sink.data(bytes, last);
    } catch (error) {
      this.#options.onError(error);
      stream.reset(H2Code.internalError);
    }
  }

  /** The stream has something to send. */
  ready(stream: Http2Stream): void {
    this.outbox.ready(stream);
  }

  /** The end of a response is in the batch. */
  sent(stream: Http2Stream): void {
    if (stream.requestEnded) {
      this.streams.remove(stream.id);
    } else {
      // The rest of the request is not wanted (RFC 9113, section 8.1).
      this.streams.removeReset(stream.id);
      this.outbox.control(encodeResetStream(stream.id, H2Code.noError));
    }
    stream.close();
    this.#streamEnded();
  }

  /** This side gives the stream up. */
  reset(stream: Http2Stream, code: H2Code): void {
    this.#drop(stream, code, undefined);
  }

  /** The peer broke a rule of one stream. @throws AppError if that happens too often */
  resetForFault(streamId: number, code: H2Code): void {
    this.#countReset();
    const stream = this.streams.open.get(streamId);
    if (stream) return this.#drop(stream, code, requestLost("the client broke the protocol"));
    this.streams.removeReset(streamId);
    this.outbox.control(encodeResetStream(streamId, code));
  }

  /** The peer has reset a stream. @throws AppError if that happens too often */
  resetByPeer(stream: Http2Stream, reason: AppError): void {
    this.streams.remove(stream.id);
    stream.close(reason);
    this.#streamEnded();
    this.#countReset();
  }

  /** The peer answers our PING. */
  pinged(): void {
    this.#events.pinged();
  }

  /** Ends all of them, with nothing more to send. */
  abandon(reason: AppError): void {
    for (const stream of [...this.streams.open.values()]) {
      this.streams.remove(stream.id);
      stream.close(reason);
    }
  }

  /**
   * Gives up those that take too long.
   *
   * @param now milliseconds of `performance.now()`
   */
  check(now: number): void {
    for (const stream of this.streams.open.values()) {
      const { blockedAt } = stream.outgoing;
      const stalled = blockedAt !== undefined && now - blockedAt > this.#limits.writeStallMs;
      const late = !stream.requestEnded && now - stream.openedAt > this.#limits.requestMs;
      if (!stalled && !late) continue;
      const found = stalled ? "the client does not read the answer" : "the request did not come to its end";
      this.#drop(stream, H2Code.cancel, requestLost(found));
    }
  }

  #drop(stream: Http2Stream, code: H2Code, reason: AppError | undefined): void {
    this.streams.removeReset(stream.id);
    this.outbox.control(encodeResetStream(stream.id, code));
    stream.close(reason);
    this.#streamEnded();
  }

  #countReset(): void {
    if (this.#resets.take(performance.now())) return;
    throw connectionError(H2Code.enhanceYourCalm, "too many streams are reset");
  }

  #streamEnded(): void {
    if (this.streams.open.size === 0) this.#events.emptied();
  }
}
