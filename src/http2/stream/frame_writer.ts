/**
 * The writing half of a connection.
 *
 * @module
 */
import { WriteBuffer } from "./write_buffer.ts";
import { Queue } from "./queue.ts";
import { SendWindow } from "./flow_window.ts";
import { DEFAULT_WINDOW_BYTES } from "../frame/frame.ts";
import type { Http2Stream } from "./stream.ts";

/**
 * Turns of the microtask queue between the first thing to send and the write. Handlers that need only a few awaits
 * answer within them, so the answers to all the requests of one read go out with one write.
 */
const GATHER_TURNS = 8;

/** Below this much room a batch is written rather than filled with slivers of DATA. */
const SLIVER_BYTES = 1024;

/** What the outbox tells its connection. */
export interface FrameWriterEvents {
  /** The end of the stream's response is in the batch. */
  sent(stream: Http2Stream): void;
  /** All that was queued has been written. */
  written(): void;
  /** Writing failed: the peer is gone. */
  failed(error: unknown): void;
}

/** Where the bytes go. */
export interface ByteWriter {
  /** Writes some of the bytes, at least one, and says how many. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Gathers what is to be sent and writes it, one write at a time. */
export class FrameWriter {
  /** What the peer lets all streams together send. */
  readonly window: SendWindow = new SendWindow(DEFAULT_WINDOW_BYTES);
  /** When the write under way began, in milliseconds of `performance.now()`; undefined between writes. */
  writingSince: number | undefined;
  readonly #writer: ByteWriter;
  readonly #events: FrameWriterEvents;
  readonly #controls = new Queue<Uint8Array>();
  readonly #streams = new Queue<Http2Stream>();
  /** Streams that only the connection's window keeps from sending. */
  readonly #held = new Set<Http2Stream>();
  #batch: WriteBuffer | undefined;
  #running = false;
  #stopped = false;

  /** Nothing is written before something is queued. */
  constructor(writer: ByteWriter, events: FrameWriterEvents) {
    this.#writer = writer;
    this.#events = events;
  }

  /** Control frames that wait. */
  get queuedControls(): number {
    return this.#controls.length;
  }

  /** Whether something waits or is being written. */
  get busy(): boolean {
    return this.#running;
  }

  /** Queues a control frame; it goes before any stream's frames. Once stopped it takes none. */
  control(frame: Uint8Array): void {
    if (this.#stopped) return;
    this.#controls.push(frame);
    this.#start();
  }

  /** Gives the stream turns until it has nothing more to send, or its window is shut. */
  ready(stream: Http2Stream): void {
    if (!stream.listed) {
      stream.listed = true;
      this.#streams.push(stream);
    }
    this.#start();
  }

  /** The connection's window has grown: streams that it held back get turns again. */
  windowGrew(): void {
    const held = [...this.#held];
    this.#held.clear();
    for (const stream of held) this.ready(stream);
  }

  /** Gives the memory of the batch back while nothing is to be written. */
  trim(): void {
    if (!this.#running) this.#batch = undefined;
  }

  /** Drops all that waits. */
  stop(): void {
    this.#stopped = true;
    this.#controls.clear();
    this.#streams.clear();
    this.#held.clear();
  }

  #start(): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    this.#run();
  }

  /** Never rejects: failures are an event. */
  async #run(): Promise<void> {
    try {
      for (let turn = 0; turn < GATHER_TURNS; turn++) await undefined;
      const batch = this.#batch ??= new WriteBuffer();
      for (;;) {
        this.#fill(batch);
        if (batch.length === 0 || this.#stopped) break;
        await this.#write(batch.take());
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

  #fill(batch: WriteBuffer): void {
    for (;;) {
      const frame = this.#controls.peek();
      if (frame === undefined) break;
      if (batch.payloadRoom < frame.length) return;
      batch.append(frame);
      this.#controls.shift();
    }
    while (batch.payloadRoom >= SLIVER_BYTES || batch.length === 0) {
      const stream = this.#streams.peek();
      if (stream === undefined) return;
      if (!this.#turn(batch, stream)) return;
    }
  }

  /** One turn of the first stream; false if the batch is full. */
  #turn(batch: WriteBuffer, stream: Http2Stream): boolean {
    const end = stream.closed ? "idle" : stream.outgoing.writeTurn(batch, stream.id, this.window);
    // It stays the first: its turn has only been put off.
    if (end === "full") return false;
    this.#streams.shift();
    if (end === "more") {
      this.#streams.push(stream);
    } else {
      stream.listed = false;
      if (end === "blocked") this.#block(stream);
      if (end === "done") this.#events.sent(stream);
    }
    stream.wakeWriter();
    return true;
  }

  #block(stream: Http2Stream): void {
    stream.outgoing.blockedAt ??= performance.now();
    if (stream.outgoing.window.available > 0) this.#held.add(stream);
  }
}
