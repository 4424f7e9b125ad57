/**
 * Methods, as the server sees them: bytes in, bytes out.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";

/** What a handler may know of its call. */
export interface CallInfo {
  /** The path: `/package.Service/Method`. */
  readonly method: string;
  /** Request headers by lower-case name, pseudo-headers included. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** Serves one request; the signal aborts at the deadline, at a reset, and when the connection is lost. */
export type UnaryHandler<I, O> = (
  request: I,
  call: CallInfo,
  signal: AbortSignal,
) => O | Uint8Array | Promise<O | Uint8Array>;

/** The same with any number of answers. */
export type ServerStreamHandler<I, O> = (
  request: I,
  call: CallInfo,
  signal: AbortSignal,
) => AsyncIterable<O | Uint8Array>;

/** Turns messages into bytes and back. */
export interface Codec<I, O> {
  /** Reads a request. The bytes are good only during the call. */
  decode(bytes: Uint8Array): I;
  /** Writes an answer, into bytes that don't change afterwards. */
  encode(message: O): Uint8Array;
}

/** One request, one answer. */
export interface UnaryMethod {
  /** Tells the kinds of {@linkcode Method} apart. */
  readonly kind: "unary";
  /** Reads the request before it returns or first waits. */
  respond(request: Uint8Array, call: CallInfo, signal: AbortSignal): Uint8Array | Promise<Uint8Array>;
}

/** One request, any number of answers. */
export interface StreamMethod {
  /** Tells the kinds of {@linkcode Method} apart. */
  readonly kind: "server_stream";
  /** Reads the request before it returns. */
  respond(request: Uint8Array, call: CallInfo, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Any number of requests with one answer each, in order (server reflection is made so). */
export interface BidiStreamMethod {
  /** Tells the kinds of {@linkcode Method} apart. */
  readonly kind: "exchange";
  /** Answers one request. */
  respond(request: Uint8Array, call: CallInfo, signal: AbortSignal): Uint8Array | Promise<Uint8Array>;
}

/** A method of any kind. */
export type Method = UnaryMethod | StreamMethod | BidiStreamMethod;

/** Methods by path: `/package.Service/Method`. */
export type MethodTable = ReadonlyMap<string, Method>;

/** A unary method. A handler that already has the bytes of its answer returns them as they are. */
export function unary<I, O>(codec: Codec<I, O>, handle: UnaryHandler<I, O>): UnaryMethod {
  const toBytes = (answer: O | Uint8Array) => answer instanceof Uint8Array ? answer : codec.encode(answer);
  return {
    kind: "unary",
    respond(request, call, signal) {
      const answer = handle(decode(codec, request, call), call, signal);
      return answer instanceof Promise ? answer.then(toBytes) : toBytes(answer);
    },
  };
}

/** A method that streams its answers. */
export function serverStream<I, O>(codec: Codec<I, O>, handle: ServerStreamHandler<I, O>): StreamMethod {
  return {
    kind: "server_stream",
    respond: (request, call, signal) => encodeAll(codec, handle(decode(codec, request, call), call, signal)),
  };
}

async function* encodeAll<I, O>(
  codec: Codec<I, O>,
  answers: AsyncIterable<O | Uint8Array>,
): AsyncIterable<Uint8Array> {
  for await (const answer of answers) yield answer instanceof Uint8Array ? answer : codec.encode(answer);
}

function decode<I, O>(codec: Codec<I, O>, request: Uint8Array, call: CallInfo): I {
  try {
    return codec.decode(request);
  } catch (cause) {
    throw new AppError("invalid_argument", `Cannot read the request of "${call.method}": it is malformed`, {
      cause,
    });
  }
}
