/**
 * Responses of `fetch`.
 *
 * @module
 */
import type { AbortScope } from "../base/concurrency/abort.ts";
import type { HeaderFields, HttpRequest, HttpResponse } from "./message/http_message.ts";
import { networkErrorFrom } from "./network/network_error.ts";
import { EMPTY_READER, type StreamReader, streamReader } from "./message/stream_reader.ts";

/** A response of `fetch`, with the resources that it releases at the end of its body. */
export class FetchResponse implements HttpResponse {
  /**
   * This reference must stay: Deno 2.6 and 2.9 don't abort a body whose `Response` was garbage-collected, and a read of
   * a stalled body would then never end.
   */
  readonly #response: Response;
  readonly url: URL;
  readonly body: StreamReader;
  readonly #scope: AbortScope;
  readonly #slot: Disposable;

  /**
   * @param scope aborts the request; disposed with the response
   * @param slot disposed with the response
   * @param signal the caller's signal, whose reason an aborted read throws
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
