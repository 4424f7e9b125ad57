/**
 * The shapes of HTTP that this room uses, small enough for two clients to have: the runtime's `fetch`, and one of our
 * own for blobs where that pays.
 *
 * @module
 */
import type { ByteReader } from "../../base/bytes.ts";

/** What a client may know to be quicker. */
export interface RequestHints {
  /** Says that the response has a body of about so many bytes, and few enough to be read at once. */
  readonly expectedBytes?: number;
  /** Says that many requests to the same host will follow. */
  readonly isOpening?: boolean;
}

/** A request. */
export interface HttpRequest extends RequestHints {
  readonly method: "GET" | "HEAD" | "POST";
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** A form, for token requests. */
  readonly body?: string;
  /** The server that sent us here: authorities that are trusted for it are trusted for this address too. */
  readonly onBehalfOf?: URL;
  /** Called before a redirect is followed; throws to refuse it. */
  readonly checkRedirect?: (url: URL) => void;
}

/** The fields of a response's head; the web's `Headers` is one. */
export interface HeaderFields {
  /** The value of a field, several joined by ", "; null if there is none. */
  get(name: string): string | null;
  /** Whether there is such a field. */
  has(name: string): boolean;
}

/** Hears of bytes that have come while more are waited for. */
export type OnBytes = (bytes: number) => void;

/** The bytes of a body. */
export interface BodyReader extends ByteReader {
  /**
   * As `ByteReader`.
   *
   * @param onBytes may be told of bytes that came before the read is over; they count in its result too
   */
  read(buffer: Uint8Array, onBytes?: OnBytes): Promise<number | null>;
}

/** A response. Dispose it on every path: that closes the connection of a body not read to its end. */
export interface HttpResponse extends Disposable {
  readonly status: number;
  readonly headers: HeaderFields;
  /** The address that answered, after redirects. */
  readonly url: URL;
  /** The body's bytes, with no content encoding undone. */
  readonly body: BodyReader;
  /** Whether the body was received already: nothing of it can be late or break. @default {false} */
  readonly isReceived?: boolean;
}

/**
 * Sends requests to any host, following redirects by the rules of this room: at most 10, no credentials to another
 * origin, never from https down to http. The signal governs the body as well.
 */
export interface Transport {
  /** @throws AppError `network`, or the signal's reason */
  send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
}
