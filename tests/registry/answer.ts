/**
 * An answer before it is sent: what a fault changes.
 *
 * @module
 */

/** Bytes to send. */
export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** A response of the test registry. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. Lengths and encodings of the transfer are added when it is sent. */
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined for none. */
  readonly body?: AnswerBody;
}

/** A body. */
export interface AnswerBody {
  /** Bytes that it honestly has. */
  readonly size: number;
  readonly chunks: Chunks;
  /** Where in the blob it begins. */
  readonly offset: number;
  /** How the end is told: by its length, by chunks, or by closing. @default {"length"} */
  readonly framing?: "length" | "chunked" | "close";
  /** What happens when all of it was sent: go on with the next request, close, or say nothing any more.
   * @default {"keep"} */
  readonly then?: "keep" | "close" | "stall";
}

/** An answer of JSON. */
export function jsonAnswer(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return bytesAnswer(status, bytes, { "content-type": "application/json", ...headers });
}

/** An answer of bytes in memory. */
export function bytesAnswer(
  status: number,
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, headers, body: { size: bytes.length, chunks: [bytes], offset: 0 } };
}

/** An error as registries send it (distribution spec 1.1, "Error Codes"). */
export function errorAnswer(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return jsonAnswer(status, { errors: [{ code, message, detail: null }] }, headers);
}

/** The answer with another body; nothing changes for an answer that has none. */
export function withBody(answer: Answer, change: (body: AnswerBody) => AnswerBody): Answer {
  return answer.body === undefined ? answer : { ...answer, body: change(answer.body) };
}
