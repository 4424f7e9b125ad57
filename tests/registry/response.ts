/**
 * A response before it is sent, which faults can change.
 *
 * @module
 */

/** Bytes to send. */
export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** A response of the test registry. */
export interface TestResponse {
  readonly status: number;
  /** Names in lower case. Content-Length and Transfer-Encoding are added when it is sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined for a response without a body. */
  readonly body?: ResponseBody;
  /** Sent instead of an HTTP response; the connection is closed after it. */
  readonly raw?: Uint8Array;
}

/** A body. */
export interface ResponseBody {
  /** Its true length in bytes. */
  readonly size: number;
  readonly chunks: Chunks;
  /** The offset of its first byte in the blob. */
  readonly offset: number;
  /**
   * How the end is signalled: by Content-Length, by chunks, or by closing the connection.
   *
   * @default {"length"}
   */
  readonly framing?: "length" | "chunked" | "close";
  /**
   * What happens after it was sent: serve the next request, close, stay silent, or reset the connection, for
   * which a reset relay must be in front of the server.
   *
   * @default {"keep"}
   */
  readonly then?: "keep" | "close" | "stall" | "reset";
}

/** Makes a JSON response. */
export function jsonResponse(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): TestResponse {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return bytesResponse(status, bytes, { "content-type": "application/json", ...headers });
}

/** Makes a response from bytes in memory. */
export function bytesResponse(
  status: number,
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): TestResponse {
  return { status, headers, body: { size: bytes.length, chunks: [bytes], offset: 0 } };
}

/** Makes an error response as registries do (distribution spec 1.1, "Error Codes"). */
export function errorResponse(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): TestResponse {
  return jsonResponse(status, { errors: [{ code, message, detail: null }] }, headers);
}

/** Replaces the body of a response; returns a response without a body unchanged. */
export function withBody(response: TestResponse, change: (body: ResponseBody) => ResponseBody): TestResponse {
  return response.body === undefined ? response : { ...response, body: change(response.body) };
}
