/**
 * HTTP requests and responses, as both clients implement them: `fetch` and `Http1Client`.
 *
 * @module
 */
import type { ByteReader } from "../../base/bytes.ts";

/** Hints that let a client send a request faster. */
export interface RequestHints {
  /** The approximate size of a small body in bytes: the response is buffered, and its request may be pipelined. */
  readonly expectedBytes?: number;
  /** Opens connections in advance: many requests to the same host will follow. */
  readonly preconnect?: boolean;
}

/** A request. */
export interface HttpRequest extends RequestHints {
  readonly method: "GET" | "HEAD" | "POST";
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** A form, for token requests. */
  readonly body?: string;
  /** The server that named this URL: the CAs that are trusted for it are trusted for this URL too. */
  readonly onBehalfOf?: URL;
  /** Called with each redirect target before it is followed; throws to refuse it. */
  readonly checkRedirect?: (url: URL) => Promise<void>;
}

/** The fields of a head; compatible with the web's `Headers`. */
export interface HeaderFields {
  /** The value of a field, or several values joined by ", "; null if the field is missing. */
  get(name: string): string | null;
  /** Whether the field is present. */
  has(name: string): boolean;
}

/** Called with the number of bytes received while a read waits for more. */
export type OnBytes = (bytes: number) => void;

/** The bytes of a body. */
export interface BodyReader extends ByteReader {
  /**
   * Reads as in `ByteReader`.
   *
   * @param onBytes may be called before the read ends; the read's result includes those bytes
   */
  read(buffer: Uint8Array, onBytes?: OnBytes): Promise<number | null>;
}

/** A response. Dispose it on every path: that closes its connection unless the body was read to its end. */
export interface HttpResponse extends Disposable {
  readonly status: number;
  readonly headers: HeaderFields;
  /** The URL that sent the response, after redirects. */
  readonly url: URL;
  /** The body; a content encoding is not decoded. */
  readonly body: BodyReader;
  /** Whether the whole body was received before the response was returned. @default {false} */
  readonly isReceived?: boolean;
}

/**
 * Sends requests to any host and follows redirects: at most 10, without credentials to another origin, and never from
 * https to http. The signal also aborts reads of the body.
 */
export interface Transport {
  /** @throws AppError `network`, or the signal's reason */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
}
