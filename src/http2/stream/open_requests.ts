/**
 * Limits the requests of all connections of a server, and the memory of their headers.
 *
 * @module
 */
import type { Http2Stream } from "./stream.ts";

/** Limits of {@linkcode OpenRequests}. */
export interface OpenRequestsLimits {
  /** Open streams of all connections. */
  readonly allStreams: number;
  /** Streams that a connection may open even if a limit is reached. */
  readonly guaranteedStreams: number;
  /** Decoded header bytes of the open streams of all connections. */
  readonly allHeaderBytes: number;
}

/** What a header field takes in addition to its text (RFC 9113, section 6.5.2). */
const FIELD_OVERHEAD_BYTES = 32;

/** Counts the open requests. At a limit, a new request replaces the one that has been incomplete longest. */
export class OpenRequests {
  readonly #limits: OpenRequestsLimits;
  /** Header bytes by open stream. */
  readonly #streams = new Map<Http2Stream, number>();
  /** Streams whose request isn't complete, the oldest first. */
  readonly #incomplete = new Set<Http2Stream>();
  #headerBytes = 0;

  /** Creates a counter. */
  constructor(limits: OpenRequestsLimits) {
    this.#limits = limits;
  }

  /**
   * Reports whether a stream with these headers may be opened. Resets the oldest incomplete requests if necessary: a
   * client that never completes its requests must not prevent those of other clients.
   *
   * @param others number of open streams of its connection: other clients must not block one that has only a few
   */
  admit(headers: ReadonlyMap<string, string>, others: number): boolean {
    const bytes = headerBytesOf(headers);
    const isFull = () =>
      this.#streams.size >= this.#limits.allStreams ||
      this.#headerBytes + bytes > this.#limits.allHeaderBytes;
    while (isFull()) {
      const [oldest] = this.#incomplete;
      if (oldest === undefined) return others < this.#limits.guaranteedStreams;
      this.#incomplete.delete(oldest);
      oldest.evict();
    }
    return true;
  }

  /** Adds a stream whose request isn't complete. */
  opened(stream: Http2Stream): void {
    const bytes = headerBytesOf(stream.headers);
    this.#streams.set(stream, bytes);
    this.#incomplete.add(stream);
    this.#headerBytes += bytes;
  }

  /** The request of the stream is complete. */
  completed(stream: Http2Stream): void {
    this.#incomplete.delete(stream);
  }

  /** Removes a stream. */
  closed(stream: Http2Stream): void {
    this.#incomplete.delete(stream);
    this.#headerBytes -= this.#streams.get(stream) ?? 0;
    this.#streams.delete(stream);
  }
}

function headerBytesOf(headers: ReadonlyMap<string, string>): number {
  let bytes = 0;
  for (const [name, value] of headers) bytes += name.length + value.length + FIELD_OVERHEAD_BYTES;
  return bytes;
}
