/**
 * An archive reader for code that selects some entries and skips the others.
 *
 * @module
 */
import { type ByteReader, KIB } from "../base/bytes.ts";
import type { Entry } from "./entry.ts";
import type { TarLimits } from "./limits.ts";
import { TarParser } from "./parser.ts";

/** Small, because the events of one read are queued. */
const READ_BYTES = 64 * KIB;

type Event =
  | { readonly kind: "begin"; readonly entry: Entry }
  | { readonly kind: "data"; readonly bytes: Uint8Array; readonly offset: number }
  | { readonly kind: "end" };

/** Reads one archive. The caller closes the source. */
export class TarReader implements ByteReader {
  readonly #source: ByteReader;
  readonly #parser: TarParser;
  readonly #input = new Uint8Array(READ_BYTES);
  #events: Event[] = [];
  #next = 0;
  #isEnded = false;
  /** Bytes of the current entry that were read, including holes, and its size. */
  #position = 0;
  #size = 0;
  #isOpen = false;

  /** Creates a reader without reading anything. */
  constructor(source: ByteReader, limits: TarLimits) {
    this.#source = source;
    this.#parser = new TarParser({
      begin: (entry) => this.#events.push({ kind: "begin", entry }),
      data: (bytes, offset) => this.#events.push({ kind: "data", bytes, offset }),
      end: () => this.#events.push({ kind: "end" }),
    }, limits);
  }

  /**
   * Advances to the next entry, and skips the unread content of the current one.
   *
   * @returns undefined at the end of the archive; bytes after it stay unread
   * @throws AppError as {@linkcode TarParser.push}; `invalid_content` if the archive is truncated; the
   * signal's reason
   */
  async nextEntry(signal: AbortSignal): Promise<Entry | undefined> {
    for (;;) {
      const event = await this.#take(signal);
      if (event === undefined) return undefined;
      if (event.kind !== "begin") continue;
      this.#isOpen = true;
      this.#position = 0;
      this.#size = event.entry.kind === "file" ? event.entry.size : 0;
      return event.entry;
    }
  }

  /** Reads the content of the current entry. Holes of sparse files read as zeros. */
  async read(buffer: Uint8Array): Promise<number | null> {
    if (!this.#isOpen || this.#position === this.#size) return null;
    const event = await this.#peek();
    const isData = event?.kind === "data";
    const hole = (isData ? event.offset : this.#size) - this.#position;
    if (hole > 0) {
      const length = Math.min(hole, buffer.length);
      buffer.fill(0, 0, length);
      this.#position += length;
      return length;
    }
    if (!isData) return null;
    const length = Math.min(event.bytes.length, buffer.length);
    buffer.set(event.bytes.subarray(0, length));
    this.#position += length;
    if (length === event.bytes.length) this.#next++;
    else {
      const remaining = { bytes: event.bytes.subarray(length), offset: event.offset + length };
      this.#events[this.#next] = { kind: "data", ...remaining };
    }
    return length;
  }

  async #take(signal: AbortSignal): Promise<Event | undefined> {
    signal.throwIfAborted();
    const event = await this.#peek();
    this.#next++;
    return event;
  }

  async #peek(): Promise<Event | undefined> {
    while (this.#next >= this.#events.length) {
      if (this.#isEnded) return undefined;
      this.#events = [];
      this.#next = 0;
      const length = await this.#source.read(this.#input);
      if (length === null) this.#parser.finish("required");
      else this.#parser.push(this.#input.subarray(0, length));
      this.#isEnded = length === null || this.#parser.isEnded;
    }
    return this.#events[this.#next];
  }
}
