/**
 * Responses of the runtime's client, as the room knows them.
 *
 * @module
 */
import type { AbortScope } from "../base/abort.ts";
import type { HeaderFields, HttpRequest, HttpResponse } from "./message/http_message.ts";
import { networkErrorFrom } from "./network/network_error.ts";
import { EMPTY_READER, type StreamReader, streamReader } from "./message/stream_reader.ts";

/** A response of `fetch`, and what is held for as long as its body is read. */
export class FetchResponse implements HttpResponse {
  /**
   * Held for as long as the body is read: the runtime (2.6 and 2.9) forgets to abort a body whose `Response` was
   * collected, and then nothing but the end of the body ends a read.
   */
  readonly #response: Response;
  readonly url: URL;
  readonly body: StreamReader;
  readonly #scope: AbortScope;
  readonly #slot: Disposable;

  /**
   * @param scope aborts the request; let go of at the end
   * @param slot let go of at the end
   * @param signal the caller's: its reason is what a read throws that it ended
   */
  constructor(
    response: Response,
    request: HttpRequest,
    scope: AbortScope,
    slot: Disposable,
    signal: AbortSignal,
  ) {
    this.#slot = slot;
    this.#response = response;
    this.url = request.url;
    this.#scope = scope;
    this.body = response.body === null ? EMPTY_READER : streamReader(
      response.body,
      (error) => signal.aborted ? signal.reason : networkErrorFrom(error, request.url),
    );
  }

  get status(): number {
    return this.#response.status;
  }

  get headers(): HeaderFields {
    return this.#response.headers;
  }

  [Symbol.dispose](): void {
    this.#scope[Symbol.dispose]();
    this.#slot[Symbol.dispose]();
    if (!this.body.isDone) this.body.cancel();
  }
}
