/**
 * A connection's life: preface, frames, shutting down, closing.
 *
 * @module
 */
import { AppError, messageOf } from "../base/errors.ts";
import { DEFAULT_WINDOW_BYTES, encodeFrame, encodeGoAway, encodeResetStream, FrameType } from "./frame.ts";
import { ReceiveWindow } from "./flow_window.ts";
import { FrameHandler } from "./frame_handler.ts";
import { FrameReader } from "./frame_reader.ts";
import { encodeHeaderBlock } from "./hpack_encoder.ts";
import type { Http2Limits } from "./limits.ts";
import { Outbox } from "./outbox.ts";
import { readPreface } from "./preface.ts";
import { connectionError, H2Code, h2CodeOf, requestLost } from "./protocol_error.ts";
import { SendBudget, type SharedTotal } from "./send_budget.ts";
import { SendQueue } from "./send_queue.ts";
import { encodeSettings } from "./settings.ts";
import { Http2Stream, type StreamSink } from "./stream.ts";
import { StreamTable } from "./stream_table.ts";
import { TokenBucket } from "./token_bucket.ts";

/** Serves a request: says who takes its body, and answers through the stream, now or later. */
export type StreamHandler = (stream: Http2Stream) => StreamSink;

/** What a connection is made with. */
export interface ConnectionOptions {
  /** Called for each request; if it throws, the stream is reset. */
  readonly onStream: StreamHandler;
  /** Hears of broken protocol and of handlers that throw; for the log. */
  readonly onError: (error: unknown) => void;
  /** From `resolveHttp2Limits`. */
  readonly limits: Http2Limits;
  /** Where the connections of a server count what waits for their clients. */
  readonly queued: SharedTotal;
}

/** How long the peer may take to answer the PING that tells us that it has seen our first GOAWAY. */
const GOAWAY_PING_MS = 1000;
const HEADERS_TOO_LARGE = encodeHeaderBlock([[":status", "431"]]);

/** `opening`: before the peer's SETTINGS; `lingering`: GOAWAY for an error is out, and what comes is dropped. */
type Phase = "opening" | "open" | "draining" | "lingering" | "closed";

/** The server's side of one HTTP/2 connection, over any connection that carries bytes. */
export class Http2Connection {
  /** Open streams and the numbers of the others. */
  readonly streams: StreamTable = new StreamTable();
  /** @internal The writing half. */
  readonly outbox: Outbox;
  /** @internal The peer's window for new streams. */
  peerWindowBytes: number = DEFAULT_WINDOW_BYTES;
  readonly #conn: Deno.Conn;
  readonly #options: ConnectionOptions;
  readonly #limits: Http2Limits;
  readonly #reader: FrameReader;
  readonly #handler: FrameHandler;
  readonly #resets: TokenBucket;
  #phase: Phase = "opening";
  /** When the phase began, or the last stream ended: milliseconds of `performance.now()`. */
  #since: number = performance.now();
  #awaitingPing = false;
  readonly #budget: SendBudget;
  #loseReason: AppError | undefined;

  /** Nothing happens before {@linkcode run}. */
  constructor(conn: Deno.Conn, options: ConnectionOptions) {
    this.#conn = conn;
    this.#options = options;
    this.#limits = options.limits;
    this.#reader = new FrameReader(conn);
    this.outbox = new Outbox(conn, {
      sent: (stream) => this.#sent(stream),
      written: () => this.#written(),
      failed: () => this.close(),
    });
    this.#handler = new FrameHandler(this, options.limits);
    this.#budget = new SendBudget(options.limits, options.queued);
    this.#resets = new TokenBucket(options.limits.resets, this.#since);
  }

  /** Since when the connection has had no stream; undefined while it has one, or is not open. */
  get idleSince(): number | undefined {
    return this.#phase === "open" && this.streams.open.size === 0 ? this.#since : undefined;
  }

  /** Serves until the connection is closed, by whichever side. Never rejects. */
  async run(): Promise<void> {
    try {
      if (!await readPreface(this.#reader, this.#conn)) return;
      this.#greet();
      await this.#readFrames();
    } catch (error) {
      // Reading fails when either side closes; that needs no word.
      if (this.#phase !== "closed" && h2CodeOf(error) === undefined) {
        this.#loseReason ??= requestLost(messageOf(error), error);
      }
    } finally {
      this.close();
    }
  }

  /** Refuses new streams, lets the open ones end, and closes (RFC 9113, section 6.8). */
  shutdown(): void {
    if (this.#phase === "opening") return this.close();
    if (this.#phase !== "open") return;
    this.#enter("draining");
    // Streams that the client has already sent are still served: the last number follows after a round trip.
    this.outbox.control(encodeGoAway(0x7fff_ffff, H2Code.noError, ""));
    this.outbox.control(encodeFrame(FrameType.ping, 0, 0, new Uint8Array(8)));
    this.#awaitingPing = true;
  }

  /** Closes at once; open streams are aborted. */
  close(): void {
    if (this.#phase === "closed") return;
    this.#enter("closed");
    this.outbox.stop();
    closeQuietly(this.#conn);
    const reason = this.#loseReason ?? requestLost("the connection is closed");
    for (const stream of [...this.streams.open.values()]) {
      this.streams.remove(stream.id);
      stream.close(reason);
    }
  }

  /**
   * Applies the limits of time; the owner calls it now and then.
   *
   * @param now milliseconds of `performance.now()`
   */
  check(now: number): void {
    const limits = this.#limits;
    const phaseMs = now - this.#since;
    const { writingSince } = this.outbox;
    if (writingSince !== undefined && now - writingSince > limits.writeStallMs) return this.close();
    if (this.#phase === "opening" && phaseMs > limits.prefaceMs) return this.close();
    if (this.#phase === "lingering" && phaseMs > limits.lingerMs) return this.close();
    if (this.#awaitingPing && phaseMs > GOAWAY_PING_MS) this.pinged();
    if (this.idleSince !== undefined) {
      this.outbox.trim();
      if (now - this.idleSince > limits.idleMs) this.shutdown();
    }
    for (const stream of this.streams.open.values()) this.#checkStream(stream, now);
  }

  /** @internal For the stream. */
  ready(stream: Http2Stream): void {
    this.outbox.ready(stream);
  }

  /** @internal For the stream: what all streams here have waiting. */
  get budget(): SendBudget {
    return this.#budget;
  }

  /** @internal For the stream: this side gives it up. */
  reset(stream: Http2Stream, code: H2Code): void {
    this.#drop(stream, code, undefined);
  }

  /** @internal A well-formed request is here. */
  openStream(
    streamId: number,
    headers: ReadonlyMap<string, string>,
    tooLarge: boolean,
  ): Http2Stream | undefined {
    if (this.streams.open.size >= this.#limits.maxStreams) {
      this.resetForFault(streamId, H2Code.refusedStream);
      return undefined;
    }
    const outgoing = new SendQueue(this.peerWindowBytes, this.#budget);
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

  /** @internal The peer broke a rule of one stream. */
  resetForFault(streamId: number, code: H2Code): void {
    this.#countReset();
    const stream = this.streams.open.get(streamId);
    if (stream) return this.#drop(stream, code, requestLost("the client broke the protocol"));
    this.streams.removeReset(streamId);
    this.#control(encodeResetStream(streamId, code));
  }

  /** @internal The peer has reset a stream. */
  resetByPeer(stream: Http2Stream, reason: AppError): void {
    this.streams.remove(stream.id);
    stream.close(reason);
    this.#streamEnded();
    this.#countReset();
  }

  /** @internal Gives the stream's sink the next bytes; a sink that throws costs only its stream. */
  deliver(stream: Http2Stream, bytes: Uint8Array, last: boolean): void {
    stream.requestEnded = last;
    try {
      stream.sink.data(bytes, last);
    } catch (error) {
      this.#options.onError(error);
      stream.reset(H2Code.internalError);
    }
  }

  /** @internal The peer has seen our first GOAWAY: now the last stream number is known. */
  pinged(): void {
    if (!this.#awaitingPing) return;
    this.#awaitingPing = false;
    this.streams.acceptedId = this.streams.lastId;
    this.outbox.control(encodeGoAway(this.streams.lastId, H2Code.noError, ""));
  }

  #greet(): void {
    this.outbox.control(encodeSettings(this.#limits));
    const update = this.#handler.requests.openingUpdate();
    if (update) this.outbox.control(update);
  }

  async #readFrames(): Promise<void> {
    do {
      try {
        while (this.#reader.next()) {
          if (this.#phase === "closed") return;
          this.#handler.handle(this.#reader);
          if (this.outbox.queuedControls > this.#limits.maxQueuedControls) {
            throw connectionError(H2Code.enhanceYourCalm, "too many answers to control frames are unread");
          }
        }
        if (this.#phase === "opening" && this.#handler.settled) this.#enter("open");
      } catch (error) {
        if (h2CodeOf(error) === undefined) {
          this.#options.onError(error);
          throw error;
        }
        return await this.#linger(error);
      }
    } while (this.#phase !== "closed" && await this.#reader.fill());
  }

  /** Tells the peer why, and drops what it still sends: closing with unread bytes could destroy the message. */
  async #linger(error: unknown): Promise<void> {
    this.#options.onError(error);
    this.#loseReason = requestLost(messageOf(error), error);
    this.#enter("lingering");
    for (const stream of [...this.streams.open.values()]) {
      this.streams.remove(stream.id);
      stream.close(this.#loseReason);
    }
    const found = error instanceof AppError ? String(error.details["found"] ?? "") : "";
    const code = (h2CodeOf(error) ?? H2Code.internalError) as H2Code;
    this.outbox.control(encodeGoAway(this.streams.lastId, code, found));
    do this.#reader.discard(); while (await this.#reader.fill());
  }

  #checkStream(stream: Http2Stream, now: number): void {
    const { blockedAt } = stream.outgoing;
    const stalled = blockedAt !== undefined && now - blockedAt > this.#limits.writeStallMs;
    const late = !stream.requestEnded && now - stream.openedAt > this.#limits.requestMs;
    if (!stalled && !late) return;
    const found = stalled ? "the client does not read the answer" : "the request did not come to its end";
    this.#drop(stream, H2Code.cancel, requestLost(found));
  }

  #countReset(): void {
    if (this.#resets.take(performance.now())) return;
    throw connectionError(H2Code.enhanceYourCalm, "too many streams are reset");
  }

  #drop(stream: Http2Stream, code: H2Code, reason: AppError | undefined): void {
    this.streams.removeReset(stream.id);
    this.#control(encodeResetStream(stream.id, code));
    stream.close(reason);
    this.#streamEnded();
  }

  #control(frame: Uint8Array): void {
    if (this.#phase !== "closed") this.outbox.control(frame);
  }

  /** The end of a response is in the batch. */
  #sent(stream: Http2Stream): void {
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

  #streamEnded(): void {
    if (this.streams.open.size > 0) return;
    if (this.#phase === "open") this.#since = performance.now();
    this.#closeIfDrained();
  }

  #written(): void {
    if (this.#phase === "lingering") this.#conn.closeWrite().catch(() => this.close());
    this.#closeIfDrained();
  }

  /** After the second GOAWAY no stream can come: when the last answer is out, all is done. */
  #closeIfDrained(): void {
    if (this.#phase !== "draining" || this.#awaitingPing || this.streams.open.size > 0) return;
    if (!this.outbox.busy) this.close();
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#since = performance.now();
  }
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It was closed by its other user, the listener's owner.
  }
}
