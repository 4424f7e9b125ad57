/**
 * The life cycle of a connection: preface, frames, shutdown, close.
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
import { connectionError, H2Code, h2CodeOf, requestAborted } from "./frame/protocol_error.ts";
import { encodeSettings } from "./frame/settings.ts";
import type { StreamTable } from "./stream/stream_table.ts";

/** How long to wait for the response to the PING after our first GOAWAY, in milliseconds. */
const GOAWAY_PING_MS = 1000;

/** `opening`: before the peer's SETTINGS; `lingering`: after the GOAWAY for an error; received bytes are discarded. */
type Phase = "opening" | "open" | "draining" | "lingering" | "closed";

/** The server's side of one HTTP/2 connection, over any byte stream. */
export class Http2Connection implements Disposable {
  readonly #conn: Deno.Conn;
  readonly #options: StreamsOptions;
  readonly #limits: Http2Limits;
  readonly #reader: FrameReader;
  readonly #handler: FrameHandler;
  readonly #writer: FrameWriter;
  readonly #streams: ConnectionStreams;
  #phase: Phase = "opening";
  /** When the phase began or the last stream ended, in milliseconds of `performance.now()`. */
  #since: number = performance.now();
  #awaitingPing = false;
  #abortReason: AppError | undefined;

  /**
   * Takes over `conn`; {@linkcode run} starts the protocol.
   *
   * @param options `onError` is also called for protocol errors
   */
  constructor(conn: Deno.Conn, options: StreamsOptions) {
    this.#conn = conn;
    this.#options = options;
    this.#limits = options.limits;
    this.#reader = new FrameReader(conn);
    this.#writer = new FrameWriter(conn, {
      sent: (stream) => this.#streams.sent(stream),
      written: () => this.#written(),
      failed: () => this.close(),
    });
    this.#streams = new ConnectionStreams(this.#writer, options, {
      lastStreamEnded: () => this.#lastStreamEnded(),
      pingAcknowledged: () => this.#pingAcknowledged(),
    });
    this.#handler = new FrameHandler(this.#streams, options.limits);
  }

  /** The open streams, and the states of all other stream ids. */
  get streams(): StreamTable {
    return this.#streams.streams;
  }

  /** When the last stream ended, in ms of `performance.now()`; undefined while a stream or the shutdown is running. */
  get idleSince(): number | undefined {
    return this.#phase === "open" && this.streams.open.size === 0 ? this.#since : undefined;
  }

  /**
   * Since when the client has only incomplete data here, in ms of `performance.now()`: no preface, only incomplete
   * requests, or nothing after an error. Undefined for a connection that is idle or waits for us.
   */
  get incompleteSince(): number | undefined {
    if (this.silent) return this.#since;
    return this.#phase === "open" ? this.#streams.incompleteSince : undefined;
  }

  /** Whether the client's preface and SETTINGS are incomplete, or the connection only lingers after an error. */
  get silent(): boolean {
    return this.#phase === "opening" || this.#phase === "lingering";
  }

  /** Serves until either side closes the connection. Never rejects. */
  async run(): Promise<void> {
    try {
      if (!await readPreface(this.#reader, this.#conn)) return;
      this.#sendSettings();
      await this.#readFrames();
    } catch (error) {
      // A read that fails because a side closed the connection isn't reported.
      if (this.#phase !== "closed" && h2CodeOf(error) === undefined) {
        this.#abortReason ??= requestAborted(messageOf(error), error);
      }
    } finally {
      this.close();
    }
  }

  /** Refuses new streams, waits for the open ones, and closes (RFC 9113, section 6.8). */
  shutdown(): void {
    if (this.#phase === "opening") return this.close();
    if (this.#phase !== "open") return;
    this.#enter("draining");
    // Requests that are already on the way are still served: the final GOAWAY follows one round trip later.
    this.#writer.control(encodeGoAway(0x7fff_ffff, H2Code.noError, ""));
    this.#writer.control(encodeFrame(FrameType.ping, 0, 0, new Uint8Array(8)));
    this.#awaitingPing = true;
  }

  /** Closes the connection immediately and aborts its open streams. */
  close(): void {
    if (this.#phase === "closed") return;
    this.#enter("closed");
    this.#writer.stop();
    closeQuietly(this.#conn);
    this.#streams.abortAll(this.#abortReason ?? requestAborted("the connection is closed"));
  }

  /**
   * Enforces the time limits; the owner calls it periodically.
   *
   * @param now milliseconds of `performance.now()`
   */
  check(now: number): void {
    const limits = this.#limits;
    const phaseMs = now - this.#since;
    const { writingSince } = this.#writer;
    if (writingSince !== undefined && now - writingSince > limits.writeStallMs) return this.close();
    if (this.#phase === "opening" && phaseMs > limits.prefaceMs) return this.close();
    if (this.#phase === "lingering" && phaseMs > limits.lingerMs) return this.close();
    if (this.#awaitingPing && phaseMs > GOAWAY_PING_MS) this.#pingAcknowledged();
    if (this.idleSince !== undefined) {
      this.#writer.trim();
      if (now - this.idleSince > limits.idleMs) this.shutdown();
    }
    this.#streams.check(now);
  }

  /** The peer has received our first GOAWAY: sends the second one, with the id of the last stream. */
  #pingAcknowledged(): void {
    if (!this.#awaitingPing) return;
    this.#awaitingPing = false;
    this.streams.acceptedId = this.streams.lastId;
    this.#writer.control(encodeGoAway(this.streams.lastId, H2Code.noError, ""));
  }

  #sendSettings(): void {
    this.#writer.control(encodeSettings(this.#limits));
    const update = this.#handler.requests.initialWindowUpdate();
    if (update) this.#writer.control(update);
  }

  async #readFrames(): Promise<void> {
    do {
      try {
        while (this.#reader.next()) {
          if (this.#phase === "closed") return;
          this.#handler.handle(this.#reader);
          if (this.#writer.queuedControls > this.#limits.maxQueuedControls) {
            throw connectionError(H2Code.enhanceYourCalm, "too many responses to control frames are unread");
          }
        }
        if (this.#phase === "opening" && this.#handler.settingsReceived) this.#enter("open");
      } catch (error) {
        if (h2CodeOf(error) === undefined) {
          this.#options.onError(error);
          throw error;
        }
        return await this.#linger(error);
      }
    } while (this.#phase !== "closed" && await this.#reader.fill());
  }

  /** Sends the error in a GOAWAY, then discards input: closing with unread bytes could destroy that frame (RST). */
  async #linger(error: unknown): Promise<void> {
    this.#options.onError(error);
    this.#abortReason = requestAborted(messageOf(error), error);
    this.#enter("lingering");
    this.#streams.abortAll(this.#abortReason);
    const found = error instanceof AppError ? String(error.details["found"] ?? "") : "";
    const code = (h2CodeOf(error) ?? H2Code.internalError) as H2Code;
    this.#writer.control(encodeGoAway(this.streams.lastId, code, found));
    do this.#reader.discard(); while (await this.#reader.fill());
  }

  #lastStreamEnded(): void {
    if (this.#phase === "open") this.#since = performance.now();
    this.#closeIfDrained();
  }

  #written(): void {
    if (this.#phase === "lingering") this.#conn.closeWrite().catch(() => this.close());
    this.#closeIfDrained();
  }

  /** No stream can start after the second GOAWAY, so the end of the last response ends the connection. */
  #closeIfDrained(): void {
    if (this.#phase !== "draining" || this.#awaitingPing || this.streams.open.size > 0) return;
    if (!this.#writer.busy) this.close();
  }

  [Symbol.dispose](): void {
    this.close();
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
    // The connection is already closed.
  }
}
