/**
 * A web stream as a `ByteReader`.
 *
 * @module
 */
import type { ByteReader } from "../../base/bytes.ts";

/** A reader that can be cancelled. */
export interface StreamReader extends ByteReader {
  /** Whether the stream was read to its end. */
  readonly isDone: boolean;
  /** Cancels the stream, which closes its connection. It never throws. */
  cancel(): Promise<void>;
}

/** The reader of a missing body. */
export const EMPTY_READER: StreamReader = {
  isDone: true,
  read: () => Promise.resolve(null),
  cancel: () => Promise.resolve(),
};

/**
 * Reads a stream into the caller's buffers. A byte stream detaches the buffer that it reads into, so it gets a buffer of
 * this reader instead of the caller's, and the bytes are copied.
 *
 * @param wrap converts an error of the stream
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
    // Not a byte stream.
    return undefined;
  }
}

function byobReader(reader: ReadableStreamBYOBReader, wrap: (error: unknown) => unknown): StreamReader {
  let scratch = new ArrayBuffer(0);
  let isDone = false;
  return {
    get isDone() {
      return isDone;
    },
    async read(buffer) {
      if (isDone) return null;
      if (scratch.byteLength < buffer.length) scratch = new ArrayBuffer(buffer.length);
      // Not longer than the caller's buffer, so that all bytes can be copied.
      const view = new Uint8Array(scratch, 0, buffer.length);
      const result = await reader.read(view).catch((error) => {
        scratch = new ArrayBuffer(0);
        throw wrap(error);
      });
      if (result.value !== undefined) scratch = result.value.buffer;
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
  let chunk = new Uint8Array(0) as Uint8Array;
  let isDone = false;
  return {
    get isDone() {
      return isDone;
    },
    async read(buffer) {
      while (chunk.length === 0) {
        if (isDone) return null;
        const result = await reader.read().catch((error) => {
          throw wrap(error);
        });
        if (result.done) isDone = true;
        else chunk = result.value;
      }
      const n = Math.min(chunk.length, buffer.length);
      buffer.set(chunk.subarray(0, n));
      chunk = chunk.subarray(n);
      return n;
    },
    cancel: () => reader.cancel().catch(() => {}),
  };
}
