/**
 * A connection's life: preface, frames, shutting down, closing.
 *
 * @module
 */
import { AppError, messageOf } from "../base/errors.ts";
import { ConnectionStreams, type StreamsOptions } from "./connection_streams.ts";
import { encodeFrame, encodeGoAway, FrameType } from "./frame/frame.ts";
import { FrameHandler } from "./receive/frame_handler.ts";
import { FrameReader } from "./frame/frame_reader.ts";
import type { Http2Limits } from "./frame/limits.ts";
import { FrameWriter } from "./stream/frame_writer.ts";
import { readPreface } from "./receive/preface.ts";
import { connectionError, H2Code, h2CodeOf, requestLost } from "./frame/protocol_error.ts";
import { encodeSettings } from "./frame/settings.ts";
import type { StreamTable } from "./stream/stream_table.ts";

/** What a connection is made with. `onError` hears of broken protocol too. */
export type ConnectionOptions = StreamsOptions;

/** How long the peer may take to answer the PING that tells us that it has seen our first GOAWAY. */
const GOAWAY_PING_MS = 1000;

/** `opening`: before the peer's SETTINGS; `lingering`: GOAWAY for an error is out, and what comes is dropped. */
type Phase = "opening" | "open" | "draining" | "lingering" | "closed";

/** The server's side of one HTTP/2 connection, over any connection that carries bytes. */
export class Http2Connection {
  readonly #conn: Deno.Conn;
  readonly #options: ConnectionOptions;
  readonly #limits: Http2Limits;
  readonly #reader: FrameReader;
  readonly #handler: FrameHandler;
  readonly #outbox: FrameWriter;
  readonly #streams: ConnectionStreams;
  #phase: Phase = "opening";
  /** When the phase began, or the last stream ended: milliseconds of `performance.now()`. */
  #since: number = performance.now();
  #awaitingPing = false;
  #loseReason: AppError | undefined;

  /** Nothing happens before {@linkcode run}. */
  constructor(conn: Deno.Conn, options: ConnectionOptions) {
    this.#conn = conn;
    this.#options = options;
    this.#limits = options.limits;
    this.#reader = new FrameReader(conn);
    this.#outbox = new FrameWriter(conn, {
      sent: (stream) => this.#streams.sent(stream),
      written: () => this.#written(),
      failed: () => this.close(),
    });
    this.#streams = new ConnectionStreams(this.#outbox, options, {
      emptied: () => this.#emptied(),
      pinged: () => this.#pinged(),
    });
    this.#handler = new FrameHandler(this.#streams, options.limits);
  }

  /** Open streams and the numbers of the others. */
  get streams(): StreamTable {
    return this.#streams.streams;
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
    this.#outbox.control(encodeGoAway(0x7fff_ffff, H2Code.noError, ""));
    this.#outbox.control(encodeFrame(FrameType.ping, 0, 0, new Uint8Array(8)));
    this.#awaitingPing = true;
  }

  /** Closes at once; open streams are aborted. */
  close(): void {
    if (this.#phase === "closed") return;
    this.#enter("closed");
    this.#outbox.stop();
    closeQuietly(this.#conn);
    this.#streams.abandon(this.#loseReason ?? requestLost("the connection is closed"));
  }

  /**
   * Applies the limits of time; the owner calls it now and then.
   *
   * @param now milliseconds of `performance.now()`
   */
  check(now: number): void {
    const limits = this.#limits;
    const phaseMs = now - this.#since;
    const { writingSince } = this.#outbox;
    if (writingSince !== undefined && now - writingSince > limits.writeStallMs) return this.close();
    if (this.#phase === "opening" && phaseMs > limits.prefaceMs) return this.close();
    if (this.#phase === "lingering" && phaseMs > limits.lingerMs) return this.close();
    if (this.#awaitingPing && phaseMs > GOAWAY_PING_MS) this.#pinged();
    if (this.idleSince !== undefined) {
      this.#outbox.trim();
      if (now - this.idleSince > limits.idleMs) this.shutdown();
    }
    this.#streams.check(now);
  }

  /** The peer has seen our first GOAWAY: now the last stream number is known. */
  #pinged(): void {
    if (!this.#awaitingPing) return;
    this.#awaitingPing = false;
    this.streams.acceptedId = this.streams.lastId;
    this.#outbox.control(encodeGoAway(this.streams.lastId, H2Code.noError, ""));
  }

  #greet(): void {
    this.#outbox.control(encodeSettings(this.#limits));
    const update = this.#handler.requests.openingUpdate();
    if (update) this.#outbox.control(update);
  }

  async #readFrames(): Promise<void> {
    do {
      try {
        while (this.#reader.next()) {
          if (this.#phase === "closed") return;
          this.#handler.handle(this.#reader);
          if (this.#outbox.queuedControls > this.#limits.maxQueuedControls) {
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
    this.#streams.abandon(this.#loseReason);
    const found = error instanceof AppError ? String(error.details["found"] ?? "") : "";
    const code = (h2CodeOf(error) ?? H2Code.internalError) as H2Code;
    this.#outbox.control(encodeGoAway(this.streams.lastId, code, found));
    do this.#reader.discard(); while (await this.#reader.fill());
  }

  #emptied(): void {
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
    if (!this.#outbox.busy) this.close();
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
