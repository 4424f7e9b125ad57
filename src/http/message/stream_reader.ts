/**
 * A web stream as a `ByteReader`.
 *
 * @module
 */
import type { ByteReader } from "../../base/bytes.ts";

/** A reader that can be given up. */
export interface StreamReader extends ByteReader {
  /** Whether the end was read. */
  readonly isDone: boolean;
  /** Lets go of the stream; the connection of one that was not read to its end is closed. */
  cancel(): Promise<void>;
}

/** The reader of a body that isn't there. */
export const EMPTY_READER: StreamReader = {
  isDone: true,
  read: () => Promise.resolve(null),
  cancel: () => Promise.resolve(),
};

/**
 * Reads a stream into the callers' buffers. A byte stream is read through one buffer that goes back and forth: the
 * caller's own can't be lent, since a stream takes a buffer away for good. That costs one copy within the cache.
 *
 * @param wrap makes the error to throw of what the stream throws
 */
export function streamReader(
  stream: ReadableStream<Uint8Array>,
  wrap: (error: unknown) => unknown,
): StreamReader {
  const reader = byteReaderOf(stream);
  return reader === undefined ? chunkReader(stream.getReader(), wrap) : byobReader(reader, wrap);
}

function byteReaderOf(stream: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | undefined {
  try {
    return stream.getReader({ mode: "byob" });
  } catch {
    // Bodies that were made of plain streams have no such reader.
    return undefined;
  }
}

function byobReader(reader: ReadableStreamBYOBReader, wrap: (error: unknown) => unknown): StreamReader {
  let spare = new ArrayBuffer(0);
  let isDone = false;
  return {
    get isDone() {
      return isDone;
    },
    async read(buffer) {
      if (isDone) return null;
      if (spare.byteLength < buffer.length) spare = new ArrayBuffer(buffer.length);
      // Never more than fits, so that nothing is left over between two reads.
      const view = new Uint8Array(spare, 0, buffer.length);
      const result = await reader.read(view).catch((error) => {
        spare = new ArrayBuffer(0);
        throw wrap(error);
      });
      if (result.value !== undefined) spare = result.value.buffer;
      if (result.done || result.value === undefined) {
        isDone = true;
        return null;
      }
      buffer.set(result.value);
      return result.value.length;
    },
    cancel: () => reader.cancel().catch(() => {}),
  };
}

function chunkReader(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  wrap: (error: unknown) => unknown,
): StreamReader {
  let left = new Uint8Array(0) as Uint8Array;
  let isDone = false;
  return {
    get isDone() {
      return isDone;
    },
    async read(buffer) {
      while (left.length === 0) {
        if (isDone) return null;
        const result = await reader.read().catch((error) => {
          throw wrap(error);
        });
        if (result.done) isDone = true;
        else left = result.value;
      }
      const n = Math.min(left.length, buffer.length);
      buffer.set(left.subarray(0, n));
      left = left.subarray(n);
      return n;
    },
    cancel: () => reader.cancel().catch(() => {}),
  };
}
