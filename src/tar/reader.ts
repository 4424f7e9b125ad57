/**
 * The archive reader, pulled: entry by entry, for whoever picks some of an archive and passes over the rest.
 *
 * @module
 */
import { type ByteReader, KIB } from "../base/bytes.ts";
import type { Entry } from "./entry.ts";
import type { TarLimits } from "./limits.ts";
import { TarParser } from "./parser.ts";

/** All that one piece gives is kept until it is asked for, so pieces are small. */
const PIECE_BYTES = 64 * KIB;

type Event =
  | { readonly kind: "begin"; readonly entry: Entry }
  | { readonly kind: "data"; readonly bytes: Uint8Array; readonly offset: number }
  | { readonly kind: "end" };

/** Reads one archive. The source stays the caller's to close. */
export class TarReader implements ByteReader {
  readonly #source: ByteReader;
  readonly #parser: TarParser;
  readonly #piece = new Uint8Array(PIECE_BYTES);
  #events: Event[] = [];
  #next = 0;
  #isOver = false;
  /** Bytes of the open entry that were given, holes included, and its size. */
  #given = 0;
  #size = 0;
  #isOpen = false;

  /** Makes a reader; nothing is read yet. */
  constructor(source: ByteReader, limits: TarLimits) {
    this.#source = source;
    this.#parser = new TarParser({
      begin: (entry) => this.#events.push({ kind: "begin", entry }),
      data: (bytes, offset) => this.#events.push({ kind: "data", bytes, offset }),
      end: () => this.#events.push({ kind: "end" }),
    }, limits);
  }

  /**
   * Goes to the next entry, past what was not read of the last one.
   *
   * @returns undefined at the end of the archive; what follows it in the source is not read
   * @throws AppError as {@linkcode TarParser.push}, `invalid_content` if the archive is cut, the signal's reason
   */
  async nextEntry(signal: AbortSignal): Promise<Entry | undefined> {
    for (;;) {
      const event = await this.#take(signal);
      if (event === undefined) return undefined;
      if (event.kind !== "begin") continue;
      this.#isOpen = true;
      this.#given = 0;
      this.#size = event.entry.kind === "file" ? event.entry.size : 0;
      return event.entry;
    }
  }

  /** Reads the content of the entry that was given last; holes of sparse files read as zeros. */
  async read(buffer: Uint8Array): Promise<number | null> {
    if (!this.#isOpen || this.#given === this.#size) return null;
    const event = await this.#peek();
    const isData = event?.kind === "data";
    const hole = (isData ? event.offset : this.#size) - this.#given;
    if (hole > 0) {
      const length = Math.min(hole, buffer.length);
      buffer.fill(0, 0, length);
      this.#given += length;
      return length;
    }
    if (!isData) return null;
    const length = Math.min(event.bytes.length, buffer.length);
    buffer.set(event.bytes.subarray(0, length));
    this.#given += length;
    if (length === event.bytes.length) this.#next++;
    else {
      const rest = { bytes: event.bytes.subarray(length), offset: event.offset + length };
      this.#events[this.#next] = { kind: "data", ...rest };
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
      if (this.#isOver) return undefined;
      this.#events = [];
      this.#next = 0;
      const length = await this.#source.read(this.#piece);
      if (length === null) this.#parser.finish("required");
      else this.#parser.push(this.#piece.subarray(0, length));
      this.#isOver = length === null || this.#parser.isEnded;
    }
    return this.#events[this.#next];
  }
}
