/**
 * Writes the frames of a connection.
 *
 * @module
 */
import { WriteBuffer } from "./write_buffer.ts";
import { Queue } from "./queue.ts";
import { SendWindow } from "./flow_window.ts";
import { DEFAULT_WINDOW_BYTES } from "../frame/frame.ts";
import type { Http2Stream } from "./stream.ts";

/**
 * Microtask ticks between the first queued frame and the write. Handlers with only a few awaits respond within them,
 * so the responses to all requests of one read are sent with one write.
 */
const COALESCE_TICKS = 8;

/** With less free space than this, the buffer is written instead of being filled with tiny DATA frames. */
const MIN_FREE_BYTES = 1024;

/** Events for the connection. */
export interface FrameWriterEvents {
  /** The end of the stream's response is in the write buffer. */
  sent(stream: Http2Stream): void;
  /** Everything that was queued has been written. */
  written(): void;
  /** A write failed: the connection is lost. */
  failed(error: unknown): void;
}

/** Writes bytes to the connection. */
export interface ByteWriter {
  /** Writes at least one of the bytes and returns the number of bytes written. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Collects frames and writes them, one write at a time. */
export class FrameWriter {
  /** The connection's send window, shared by its streams. */
  readonly window: SendWindow = new SendWindow(DEFAULT_WINDOW_BYTES);
  /** When the current write began, in milliseconds of `performance.now()`; undefined between writes. */
  writingSince: number | undefined;
  /**
   * Number of DATA frames and ends of responses that were put into the write buffer. Tiny frames, which a peer causes
   * by opening its window byte by byte, aren't counted unless they are all that was queued.
   */
  writtenParts = 0;
  readonly #writer: ByteWriter;
  readonly #events: FrameWriterEvents;
  readonly #controls = new Queue<Uint8Array>();
  readonly #streams = new Queue<Http2Stream>();
  /** Streams that are blocked only by the connection's window. */
  readonly #waitingForWindow = new Set<Http2Stream>();
  #buffer: WriteBuffer | undefined;
  #running = false;
  #stopped = false;

  /** Creates a writer; it writes when something is queued. */
  constructor(writer: ByteWriter, events: FrameWriterEvents) {
    this.#writer = writer;
    this.#events = events;
  }

  /** Number of queued control frames. */
  get queuedControls(): number {
    return this.#controls.length;
  }

  /** Whether frames are queued or being written. */
  get busy(): boolean {
    return this.#running;
  }

  /** Queues a control frame, ahead of the streams' frames. Does nothing after {@linkcode stop}. */
  control(frame: Uint8Array): void {
    if (this.#stopped) return;
    this.#controls.push(frame);
    this.#start();
  }

  /** Schedules the stream until its output is written or its window is exhausted. */
  ready(stream: Http2Stream): void {
    if (!stream.queued) {
      stream.queued = true;
      this.#streams.push(stream);
    }
    this.#start();
  }

  /** Schedules the streams that waited for the connection's window, which has grown. */
  windowGrew(): void {
    const waiting = [...this.#waitingForWindow];
    this.#waitingForWindow.clear();
    for (const stream of waiting) this.ready(stream);
  }

  /** Releases the write buffer unless a write is in progress. */
  trim(): void {
    if (!this.#running) this.#buffer = undefined;
  }

  /** Discards everything that is queued. */
  stop(): void {
    this.#stopped = true;
    this.#controls.clear();
    this.#streams.clear();
    this.#waitingForWindow.clear();
  }

  #start(): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    this.#run();
  }

  /** Never rejects: a failure is reported as an event. */
  async #run(): Promise<void> {
    try {
      for (let tick = 0; tick < COALESCE_TICKS; tick++) await undefined;
      const buffer = this.#buffer ??= new WriteBuffer();
      for (;;) {
        this.#fill(buffer);
        if (buffer.length === 0 || this.#stopped) break;
        await this.#write(buffer.take());
      }
      this.#running = false;
      if (!this.#stopped) this.#events.written();
    } catch (error) {
      this.#running = false;
      this.writingSince = undefined;
      if (!this.#stopped) this.#events.failed(error);
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      this.writingSince = performance.now();
      written += await this.#writer.write(written === 0 ? bytes : bytes.subarray(written));
    }
    this.writingSince = undefined;
  }

  #fill(buffer: WriteBuffer): void {
    for (;;) {
      const frame = this.#controls.peek();
      if (frame === undefined) break;
      if (buffer.freePayloadBytes < frame.length) return;
      buffer.append(frame);
      this.#controls.shift();
    }
    while (buffer.freePayloadBytes >= MIN_FREE_BYTES || buffer.length === 0) {
      const stream = this.#streams.peek();
      if (stream === undefined) return;
      if (!this.#writeNext(buffer, stream)) return;
    }
  }

  /** Writes the next frames of the first stream. Returns false if the buffer is full. */
  #writeNext(buffer: WriteBuffer, stream: Http2Stream): boolean {
    const before = this.window.available;
    const result = stream.closed ? "idle" : stream.outgoing.writeNext(buffer, stream.id, this.window);
    // The stream stays first in the queue.
    if (result === "full") return false;
    const sent = before - this.window.available;
    if (result === "done" || result === "idle" || sent >= MIN_FREE_BYTES) this.writtenParts++;
    this.#streams.shift();
    if (result === "more") {
      this.#streams.push(stream);
    } else {
      stream.queued = false;
      if (result === "blocked") this.#block(stream);
      if (result === "done") this.#events.sent(stream);
    }
    stream.wakeWriter();
    return true;
  }

  #block(stream: Http2Stream): void {
    stream.outgoing.blockedAt ??= performance.now();
    if (stream.outgoing.window.available > 0) this.#waitingForWindow.add(stream);
  }
}
