/**
 * Faults: each takes the honest answer and gives the one that is sent. They can be combined, and a test may bring
 * its own.
 *
 * @module
 */
import { sleep } from "../../src/base/abort.ts";
import { type Answer, type Chunks, errorAnswer, withBody } from "./answer.ts";
import type { Exchange } from "./server.ts";

/** Changes an answer. Several in a row change it one after the other. */
export type Fault = (answer: Answer, exchange: Exchange) => Answer | Promise<Answer>;

/** Sends `bytes` of the body, then closes the connection in the middle. */
export function cutAfter(bytes: number): Fault {
  return (answer) => endAfter(answer, bytes, "close");
}

/** Sends `bytes` of the body, then says nothing any more and leaves the connection open. */
export function stallAfter(bytes: number): Fault {
  return (answer) => endAfter(answer, bytes, "stall");
}

function endAfter(answer: Answer, bytes: number, then: "close" | "stall"): Answer {
  const length = String(answer.body?.size ?? 0);
  const changed = withBody(answer, (body) => ({ ...body, chunks: take(body.chunks, bytes), then }));
  // The head still promises all of it.
  return { ...changed, headers: { "content-length": length, ...answer.headers } };
}

/** Sends `bytes` of the body, then waits until the gate is opened, then goes on. */
export function holdAfter(bytes: number, gate: Gate): Fault {
  return (answer, { signal }) =>
    withBody(answer, (body) => ({ ...body, chunks: hold(body.chunks, bytes, gate, signal) }));
}

/** Flips the bits of one byte, counted from the start of the blob, if the answer holds it. */
export function wrongByte(at: number): Fault {
  return (answer) => withBody(answer, (body) => ({ ...body, chunks: flip(body.chunks, at - body.offset) }));
}

/** Adds bytes to the end, and to the length. */
export function extraBytes(count = 1): Fault {
  return (answer) =>
    withBody(answer, (body) => ({ ...body, size: body.size + count, chunks: append(body.chunks, count) }));
}

/** Another status, with an error as registries send it. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}): Fault {
  return () => errorAnswer(code, ERROR_CODES[code] ?? "UNKNOWN", `the test asked for ${code}`, headers);
}

const ERROR_CODES: Readonly<Record<number, string>> = {
  401: "UNAUTHORIZED",
  403: "DENIED",
  404: "NOT_FOUND",
  405: "UNSUPPORTED",
  429: "TOOMANYREQUESTS",
};

/** 429, with `Retry-After` in seconds or as the text given. */
export function tooManyRequests(retryAfter?: number | string): Fault {
  return status(429, retryAfter === undefined ? {} : { "retry-after": String(retryAfter) });
}

/** 401 with a challenge of the test's own. */
export function challenge(wwwAuthenticate: string): Fault {
  return status(401, { "www-authenticate": wwwAuthenticate });
}

/**
 * Redirects to the same path at another origin, with a query as signed addresses have it; or to a whole address,
 * which a function may make for each request.
 */
export function redirectTo(target: string | ((url: URL) => string), code = 307): Fault {
  return (_answer, { request }) => {
    const location = typeof target === "function"
      ? target(request.url)
      : `${target}${request.url.pathname}?X-Signature=secret-of-the-address`;
    return { status: code, headers: { location } };
  };
}

/** Sends `bytes` at a time, with `ms` between. */
export function drip(bytes: number, ms: number): Fault {
  return (answer, { signal }) =>
    withBody(answer, (body) => ({ ...body, chunks: dripped(body.chunks, bytes, ms, signal) }));
}

/** The answer at about so many bytes a second. */
export function paced(answer: Answer, { signal }: Exchange, bytesPerSecond: number): Answer {
  const bytes = Math.ceil(bytesPerSecond * PACE_MS / 1000);
  return withBody(answer, (body) => ({ ...body, chunks: dripped(body.chunks, bytes, PACE_MS, signal) }));
}

/** Short enough for bars to move evenly. */
const PACE_MS = 20;

/** Answers a range with 206 and this `Content-Range`, whatever is sent; undefined leaves the header out. */
export function contentRange(value: string | undefined): Fault {
  return (answer) => {
    const { "content-range": _, ...headers } = answer.headers;
    return {
      ...answer,
      status: 206,
      headers: value === undefined ? headers : { ...headers, "content-range": value },
    };
  };
}

/** Promises another length than it sends: more, and the connection closes early; fewer, and bytes are left over. */
export function contentLength(length: number): Fault {
  return (answer) => ({
    ...withBody(answer, (body) => ({ ...body, then: "close" })),
    headers: { ...answer.headers, "content-length": String(length) },
  });
}

/** Says no length: chunks, or an end by closing. */
export function withoutLength(framing: "chunked" | "close" = "chunked"): Fault {
  return (answer) => withBody(answer, (body) => ({ ...body, framing }));
}

/** Sets headers, or takes those away that are undefined. */
export function headers(changes: Readonly<Record<string, string | undefined>>): Fault {
  return (answer) => {
    const merged = Object.entries({ ...answer.headers, ...changes });
    const kept = merged.filter((entry): entry is [string, string] => entry[1] !== undefined);
    return { ...answer, headers: Object.fromEntries(kept) };
  };
}

/** Says another digest than the content has. */
export function digestHeader(digest: string | undefined): Fault {
  return headers({ "docker-content-digest": digest });
}

/** Closes the connection in place of an answer. */
export function hangUp(): Fault {
  return () => {
    throw new Error("the test asked to hang up");
  };
}

/** Answers nothing until the client gives up. */
export function noAnswer(): Fault {
  return async (_answer, { signal }) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    throw new Error("the test server ends");
  };
}

/** A point at which a transfer waits for the test. */
export class Gate {
  readonly #opened = Promise.withResolvers<void>();
  readonly #reached = Promise.withResolvers<void>();

  /** Resolves when a transfer waits here. */
  get reached(): Promise<void> {
    return this.#reached.promise;
  }

  /** Lets all transfers go on, now and later. */
  open(): void {
    this.#opened.resolve();
  }

  /** Waits here. */
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
