/**
 * Methods as functions of bytes.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";

/** Information about a call, for its handler. */
export interface CallInfo {
  /** The path: `/package.Service/Method`. */
  readonly method: string;
  /** Request headers by lower-case name, pseudo-headers included. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** Handles one request. The signal aborts at the deadline, at a reset, and when the connection is lost. */
export type UnaryHandler<I, O> = (
  request: I,
  call: CallInfo,
  signal: AbortSignal,
) => O | Uint8Array | Promise<O | Uint8Array>;

/** Handles one request with any number of responses. The signal aborts as for {@linkcode UnaryHandler}. */
export type ServerStreamHandler<I, O> = (
  request: I,
  call: CallInfo,
  signal: AbortSignal,
) => AsyncIterable<O | Uint8Array>;

/** Decodes requests and encodes responses. */
export interface Codec<I, O> {
  /** Decodes a request. The bytes are valid only during the call. */
  decode(bytes: Uint8Array): I;
  /** Encodes a response. The bytes must not change afterwards. */
  encode(message: O): Uint8Array;
}

/** A method with one request and one response. */
export interface UnaryMethod {
  /** Discriminates {@linkcode Method}. */
  readonly kind: "unary";
  /** Reads the request before it returns or first waits. */
  respond(request: Uint8Array, call: CallInfo, signal: AbortSignal): Uint8Array | Promise<Uint8Array>;
}

/** A method with one request and any number of responses. */
export interface StreamMethod {
  /** Discriminates {@linkcode Method}. */
  readonly kind: "server_stream";
  /** Reads the request before it returns. */
  respond(request: Uint8Array, call: CallInfo, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A method with any number of requests and one response per request, in order, such as server reflection. */
export interface BidiStreamMethod {
  /** Discriminates {@linkcode Method}. */
  readonly kind: "bidi_stream";
  /** Handles one request. */
  respond(request: Uint8Array, call: CallInfo, signal: AbortSignal): Uint8Array | Promise<Uint8Array>;
}

/** A method of any kind. */
export type Method = UnaryMethod | StreamMethod | BidiStreamMethod;

/** Methods by path: `/package.Service/Method`. */
export type MethodTable = ReadonlyMap<string, Method>;

/** Creates a unary method. A handler that returns bytes has already encoded its response. */
export function unary<I, O>(codec: Codec<I, O>, handle: UnaryHandler<I, O>): UnaryMethod {
  const toBytes = (response: O | Uint8Array) =>
    response instanceof Uint8Array ? response : codec.encode(response);
  return {
    kind: "unary",
    respond(request, call, signal) {
      const response = handle(decode(codec, request, call), call, signal);
      return response instanceof Promise ? response.then(toBytes) : toBytes(response);
    },
  };
}

/** Creates a method that streams its responses. */
export function serverStream<I, O>(codec: Codec<I, O>, handle: ServerStreamHandler<I, O>): StreamMethod {
  return {
    kind: "server_stream",
    respond: (request, call, signal) => encodeAll(codec, handle(decode(codec, request, call), call, signal)),
  };
}

async function* encodeAll<I, O>(
  codec: Codec<I, O>,
  responses: AsyncIterable<O | Uint8Array>,
): AsyncIterable<Uint8Array> {
  for await (const response of responses) {
    yield response instanceof Uint8Array ? response : codec.encode(response);
  }
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
