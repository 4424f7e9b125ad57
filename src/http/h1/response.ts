/**
 * Responses of our own client, as the room knows them.
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

/** A response whose body is here already. */
export function receivedResponse(response: RawResponse, url: URL): HttpResponse {
  const { head } = response;
  let { body } = response;
  let isOver = false;
  const finish = () => {
    if (isOver) return;
    isOver = true;
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
        if (body.length === 0) return NOTHING;
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

const NOTHING: Promise<null> = Promise.resolve(null);

/** A response whose body is still to be read from its connection, which then goes back to the pool. */
export class OpenResponse implements HttpResponse {
  readonly status: number;
  readonly headers: HeaderFields;
  readonly url: URL;
  readonly body: BodyReader;
  readonly #finish: (isWhole: boolean) => void;

  /** @param release called when the connection is let go of */
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
    let isOver = false;
    this.#finish = (isWhole) => {
      if (isOver) return;
      isOver = true;
      release();
      if (!isWhole || !head.isPersistent) return connection.close();
      pool.noteUse(connection);
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
          // At the last byte and not at the read after it, so that the connection is free at once.
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
