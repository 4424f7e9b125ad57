/**
 * A response before it is sent, which faults can change.
 *
 * @module
 */

/** Bytes to send. */
export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** A response of the test registry. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. Content-Length and Transfer-Encoding are added when it is sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined for a response without a body. */
  readonly body?: AnswerBody;
}

/** A body. */
export interface AnswerBody {
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
  /** What happens after it was sent: serve the next request, close, or stay silent.
   * @default {"keep"} */
  readonly then?: "keep" | "close" | "stall";
}

/** Makes a JSON response. */
export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return bytesAnswer(status, bytes, { "content-type": "application/json", ...headers });
}

/** Makes a response from bytes in memory. */
export function bytesAnswer(
  status: number,
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers, body: { size: bytes.length, chunks: [bytes], offset: 0 } };
}

/** Makes an error response as registries do (distribution spec 1.1, "Error Codes"). */
export function errorAnswer(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return jsonAnswer(status, { errors: [{ code, message, detail: null }] }, headers);
}

/** Replaces the body of a response; returns a response without a body unchanged. */
export function withBody(answer: Answer, change: (body: AnswerBody) => AnswerBody): Answer {
  return answer.body === undefined ? answer : { ...answer, body: change(answer.body) };
}
