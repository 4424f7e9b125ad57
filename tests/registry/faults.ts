/**
 * Faults. Each gets the correct response and returns the one that is sent. They can be combined, and a test
 * may define others.
 *
 * @module
 */
import { sleep } from "../../src/base/concurrency/abort.ts";
import { bytesResponse, type Chunks, errorResponse, type TestResponse, withBody } from "./response.ts";
import type { Exchange } from "./server.ts";

/** Changes a response. Several faults are applied in order. */
export type Fault = (response: TestResponse, exchange: Exchange) => TestResponse | Promise<TestResponse>;

/** Sends `bytes` of the body, then closes the connection. */
export function cutAfter(bytes: number): Fault {
  return (response) => endAfter(response, bytes, "close");
}

/** Sends `bytes` of the body, then stalls with the connection open. */
export function stallAfter(bytes: number): Fault {
  return (response) => endAfter(response, bytes, "stall");
}

/** Sends `bytes` of the body, then resets the connection: see `startResetRelay`. */
export function resetAfter(bytes: number): Fault {
  return (response) => endAfter(response, bytes, "reset");
}

/** Sends something else than HTTP, then closes the connection. */
export function garbage(text = "220 mail.test ESMTP\r\n"): Fault {
  return () => ({ status: 0, headers: {}, raw: new TextEncoder().encode(text) });
}

/** Omits the last `count` bytes of the body, and subtracts them from the length. */
export function missingBytes(count = 1): Fault {
  return (response) =>
    withBody(response, (body) => {
      const size = Math.max(0, body.size - count);
      return { ...body, size, chunks: take(body.chunks, size) };
    });
}

/** Responds with another status and a web page, as proxies do. */
export function webPage(code: number, headers: Readonly<Record<string, string>> = {}): Fault {
  const page = new TextEncoder().encode(`<html><body><h1>${code}</h1></body></html>`);
  return () => bytesResponse(code, page, { "content-type": "text/html", ...headers });
}

function endAfter(response: TestResponse, bytes: number, then: "close" | "stall" | "reset"): TestResponse {
  const length = String(response.body?.size ?? 0);
  const changed = withBody(response, (body) => ({ ...body, chunks: take(body.chunks, bytes), then }));
  // The Content-Length is that of the whole body.
  return { ...changed, headers: { "content-length": length, ...response.headers } };
}

/** Sends `bytes` of the body, waits until the gate is opened, then sends the rest. */
export function holdAfter(bytes: number, gate: Gate): Fault {
  return (response, { signal }) =>
    withBody(response, (body) => ({ ...body, chunks: hold(body.chunks, bytes, gate, signal) }));
}

/** Flips the bits of one byte, at an offset in the blob, if the response contains it. */
export function wrongByte(at: number): Fault {
  return (response) =>
    withBody(response, (body) => ({ ...body, chunks: flip(body.chunks, at - body.offset) }));
}

/** Appends bytes to the body, and adds them to the length. */
export function extraBytes(count = 1): Fault {
  return (response) =>
    withBody(response, (body) => ({ ...body, size: body.size + count, chunks: append(body.chunks, count) }));
}

/** Responds with another status and a registry error. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}): Fault {
  return () => errorResponse(code, ERROR_CODES[code] ?? "UNKNOWN", `the test asked for ${code}`, headers);
}

const ERROR_CODES: Readonly<Record<number, string>> = {
  401: "UNAUTHORIZED",
  403: "DENIED",
  404: "NOT_FOUND",
  405: "UNSUPPORTED",
  429: "TOOMANYREQUESTS",
};

/** Responds with 429 and a `Retry-After` in seconds or as the given text. */
export function tooManyRequests(retryAfter?: number | string): Fault {
  return status(429, retryAfter === undefined ? {} : { "retry-after": String(retryAfter) });
}

/** Responds with 401 and the given challenge. */
export function challenge(wwwAuthenticate: string): Fault {
  return status(401, { "www-authenticate": wwwAuthenticate });
}

/**
 * Redirects to the same path at another origin, with a query as in signed addresses, or to a whole address,
 * which a function may compute per request.
 */
export function redirectTo(target: string | ((url: URL) => string), code = 307): Fault {
  return (_answer, { request }) => {
    const location = typeof target === "function"
      ? target(request.url)
      : `${target}${request.url.pathname}?X-Signature=secret-of-the-address`;
    return { status: code, headers: { location } };
  };
}

/** Sends `bytes` at a time, every `ms` milliseconds. */
export function drip(bytes: number, ms: number): Fault {
  return (response, { signal }) =>
    withBody(response, (body) => ({ ...body, chunks: dripped(body.chunks, bytes, ms, signal) }));
}

/** Sends the body at about this many bytes per second. */
export function paced(response: TestResponse, { signal }: Exchange, bytesPerSecond: number): TestResponse {
  const bytes = Math.ceil(bytesPerSecond * PACE_MS / 1000);
  return withBody(response, (body) => ({ ...body, chunks: dripped(body.chunks, bytes, PACE_MS, signal) }));
}

/** Short enough for progress bars to move evenly. */
const PACE_MS = 20;

/** Responds to a range with 206 and this `Content-Range`, whatever is sent; undefined omits the header. */
export function contentRange(value: string | undefined): Fault {
  return (response) => {
    const { "content-range": _, ...headers } = response.headers;
    return {
      ...response,
      status: 206,
      headers: value === undefined ? headers : { ...headers, "content-range": value },
    };
  };
}

/**
 * Sends a wrong Content-Length: if too large, the connection closes early; if too small, bytes are left over.
 */
export function contentLength(length: number): Fault {
  return (response) => ({
    ...withBody(response, (body) => ({ ...body, then: "close" })),
    headers: { ...response.headers, "content-length": String(length) },
  });
}

/** Omits the Content-Length: sends chunks, or signals the end by closing. */
export function withoutLength(framing: "chunked" | "close" = "chunked"): Fault {
  return (response) => withBody(response, (body) => ({ ...body, framing }));
}

/** Sets headers, or removes those that are undefined. */
export function headers(changes: Readonly<Record<string, string | undefined>>): Fault {
  return (response) => {
    const merged = Object.entries({ ...response.headers, ...changes });
    const kept = merged.filter((entry): entry is [string, string] => entry[1] !== undefined);
    return { ...response, headers: Object.fromEntries(kept) };
  };
}

/** Sends a wrong digest header. */
export function digestHeader(digest: string | undefined): Fault {
  return headers({ "docker-content-digest": digest });
}

/** Closes the connection without a response. */
export function hangUp(): Fault {
  return () => {
    throw new Error("the test closes the connection");
  };
}

/** Sends nothing until the client closes the connection. */
export function noResponse(): Fault {
  return async (_answer, { signal }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    throw new Error("the test server is closing");
  };
}

/** A point where a transfer waits for the test. */
export class Gate {
  readonly #opened = Promise.withResolvers<void>();
  readonly #reached = Promise.withResolvers<void>();

  /** Resolves when a transfer waits at this gate. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  /** Lets all current and later transfers continue. */
  open(): void {
    this.#opened.resolve();
  }

  /** Waits until the gate is open. */
  async pass(signal: AbortSignal): Promise<void> {
    this.#reached.resolve();
    const stop = () => this.#opened.resolve();
    signal.addEventListener("abort", stop, { once: true });
    await this.#opened.promise;
    signal.removeEventListener("abort", stop);
  }
}

async function* take(chunks: Chunks, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  if (left <= 0) return;
  for await (const chunk of chunks) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

async function* hold(
  chunks: Chunks,
  count: number,
  gate: Gate,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let left = count;
  let waited = false;
  for await (const chunk of chunks) {
    if (waited || chunk.length <= left) {
      yield chunk;
      left -= chunk.length;
      continue;
    }
    yield chunk.subarray(0, left);
    await gate.pass(signal);
    waited = true;
    yield chunk.subarray(left);
  }
}

async function* flip(chunks: Chunks, at: number): AsyncGenerator<Uint8Array> {
  let passed = 0;
  for await (const chunk of chunks) {
    const i = at - passed;
    passed += chunk.length;
    const byte = chunk[i];
    if (i < 0 || byte === undefined) {
      yield chunk;
      continue;
    }
    const copy = chunk.slice();
    copy[i] = byte ^ 0xff;
    yield copy;
  }
}

async function* append(chunks: Chunks, count: number): AsyncGenerator<Uint8Array> {
  yield* chunks;
  yield new Uint8Array(count);
}

async function* dripped(
  chunks: Chunks,
  bytes: number,
  ms: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += bytes) {
      yield chunk.subarray(at, at + bytes);
      await sleep(ms, signal);
    }
  }
}

/**
 * Compresses the body, and declares it with Content-Encoding. Ranges are then parts of the compressed bytes.
 *
 * @param label the value of the header
 */
export function compressed(label = "gzip", framing: "length" | "chunked" | "close" = "length"): Fault {
  return async (response) => {
    if (response.body === undefined) return response;
    const whole = ReadableStream.from(response.body.chunks).pipeThrough<Uint8Array<ArrayBuffer>>(
      new CompressionStream("gzip") as unknown as TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>,
    );
    const bytes = new Uint8Array(await new Response(whole).arrayBuffer());
    const { offset } = response.body;
    const end = offset + bytes.length;
    const range: Record<string, string> = response.status === 206
      ? { "content-range": `bytes ${offset}-${end - 1}/${end}` }
      : {};
    return {
      ...response,
      headers: { ...response.headers, ...range, "content-encoding": label },
      body: { size: bytes.length, chunks: [bytes], offset: 0, framing },
    };
  };
}
