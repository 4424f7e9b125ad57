/**
 * Content that a descriptor contains, which needs no request.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { FetchBody } from "../../content/remote.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import { algorithmOf, digestOf } from "../../oci/digest.ts";

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * Returns the bytes of a descriptor's `data` (OCI image spec 1.1, descriptor.md, "Embedded Content"), or
 * undefined if there are none or they don't match its size and digest. In that case the content must be
 * fetched.
 */
export async function embeddedBytes(descriptor: Descriptor): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const { data, size, digest } = descriptor;
  if (data === undefined || data.length !== Math.ceil(size / 3) * 4 || !BASE64.test(data)) return undefined;
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
  return bytes.length === size && await digestOf(bytes, algorithmOf(digest)) === digest ? bytes : undefined;
}

/** Returns a body of bytes in memory. */
export function memoryBody(bytes: Uint8Array, offset: number, host: string, signal: AbortSignal): FetchBody {
  let position = offset;
  return {
    offset,
    host,
    read(buffer) {
      if (signal.aborted) return Promise.reject(signal.reason);
      if (buffer.length === 0) {
        return Promise.reject(new AppError("internal", "Cannot read into an empty buffer"));
      }
      if (position >= bytes.length) return Promise.resolve(null);
      const part = bytes.subarray(position, position + buffer.length);
      buffer.set(part);
      position += part.length;
      return Promise.resolve(part.length);
    },
    [Symbol.dispose]() {},
  };
}
