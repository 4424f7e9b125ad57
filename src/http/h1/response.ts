/**
 * Responses of `Http1Client`.
 *
 * @module
 */
import type { BodyReader, HeaderFields, HttpResponse } from "../message/http_message.ts";
import { networkErrorFrom } from "../network/network_error.ts";
import { http1Body } from "./body.ts";
import type { Http1Connection } from "./connection.ts";
import type { RawResponse } from "./request.ts";
import type { ResponseHead } from "./response_head.ts";
import type { ConnectionPool } from "./pool.ts";

/** Returns a response whose body was already received. It disposes `response` with the last byte. */
export function receivedResponse(response: RawResponse, url: URL): HttpResponse {
  const { head } = response;
  let { body } = response;
  let isFinished = false;
  const finish = () => {
    if (isFinished) return;
    isFinished = true;
    body = body.subarray(body.length);
    response[Symbol.dispose]();
  };
  return {
    status: head.status,
    headers: head.headers,
    url,
    isReceived: true,
    body: {
      read(buffer) {
        if (body.length === 0) return END;
        const part = body.length > buffer.length ? body.subarray(0, buffer.length) : body;
        buffer.set(part);
        body = body.subarray(part.length);
        if (body.length === 0) finish();
        return Promise.resolve(part.length);
      },
    },
    [Symbol.dispose]: finish,
  };
}

const END: Promise<null> = Promise.resolve(null);

/** A response whose body is read from its connection. The connection returns to the pool at the end of the body. */
export class OpenResponse implements HttpResponse {
  readonly status: number;
  readonly headers: HeaderFields;
  readonly url: URL;
  readonly body: BodyReader;
  readonly #finish: (isComplete: boolean) => void;

  /** @param release called once, when the connection is closed or returned to the pool */
  constructor(
    head: ResponseHead,
    url: URL,
    connection: Http1Connection,
    pool: ConnectionPool,
    release: () => void,
    signal: AbortSignal,
  ) {
    this.status = head.status;
    this.headers = head.headers;
    this.url = url;
    let isFinished = false;
    this.#finish = (isComplete) => {
      if (isFinished) return;
      isFinished = true;
      release();
      if (!isComplete || !head.isPersistent) return connection.close();
      pool.recordUse(connection);
      pool.putBack(connection);
    };
    const body = http1Body(connection, head.framing);
    if (body.isDone) this.#finish(true);
    const finish = this.#finish;
    this.body = {
      async read(buffer, onBytes) {
        if (body.isDone) return null;
        try {
          signal.throwIfAborted();
          const n = await body.read(buffer, onBytes);
          // Don't wait for the read that returns null: the connection is free now.
          if (body.isDone) finish(true);
          return n;
        } catch (error) {
          finish(false);
          throw signal.aborted ? signal.reason : networkErrorFrom(error, url);
        }
      },
    };
  }

  [Symbol.dispose](): void {
    this.#finish(false);
  }
}
