/**
 * A small HTTP/2 client for tests: it sends any bytes, valid or not, and reads the response.
 *
 * @module
 */
import { concatBytes, equalBytes } from "../base/bytes.ts";
import { Http2Connection } from "./connection.ts";
import type { Http2StreamHandler } from "./connection_streams.ts";
import { encodeFrame, FrameFlag, FrameType, PREFACE, readUint32 } from "./frame/frame.ts";
import { FrameReader } from "./frame/frame_reader.ts";
import { HpackDecoder } from "./hpack/decoder.ts";
import { OpenRequests } from "./stream/open_requests.ts";
import { encodeHeaderBlock } from "./hpack/encoder.ts";
import { type Http2Limits, resolveHttp2Limits } from "./frame/limits.ts";
import type { HeaderField } from "./hpack/static_table.ts";

/** A frame of the server. */
export interface TestFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Uint8Array;
}

/** A complete response. */
export interface TestResponse {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
  readonly trailers: ReadonlyMap<string, string>;
  /** The error code, if RST_STREAM ended the response. */
  readonly reset: number | undefined;
}

/** No bytes. */
export const NOTHING: Uint8Array = new Uint8Array(0);
/** A SETTINGS frame without values. */
export const EMPTY_SETTINGS: Uint8Array = encodeFrame(FrameType.settings, 0, 0, NOTHING);
/** The headers of a small request. */
export const GET_FIELDS: readonly HeaderField[] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "localhost"],
];

/** Encodes a HEADERS frame with a complete block. */
export function headersFrame(
  streamId: number,
  fields: readonly HeaderField[] = GET_FIELDS,
  more: "ends" | "body follows" = "ends",
): Uint8Array {
  const flags = FrameFlag.endHeaders | (more === "ends" ? FrameFlag.endStream : 0);
  return encodeFrame(FrameType.headers, flags, streamId, encodeHeaderBlock(fields));
}

/** Encodes a DATA frame. */
export function dataFrame(
  streamId: number,
  bytes: Uint8Array,
  more: "ends" | "body follows" = "ends",
): Uint8Array {
  return encodeFrame(FrameType.data, more === "ends" ? FrameFlag.endStream : 0, streamId, bytes);
}

/** Encodes a SETTINGS frame with one value. */
export function settingFrame(id: number, value: number): Uint8Array {
  const payload = new Uint8Array(6);
  new DataView(payload.buffer).setUint16(0, id);
  new DataView(payload.buffer).setUint32(2, value);
  return encodeFrame(FrameType.settings, 0, 0, payload);
}

/** The payload of the PING after which `goAwayCode` and `resetCode` stop waiting. */
const FENCE: Uint8Array = new TextEncoder().encode("the end.");

/** The client's side of a connection. */
export class TestClient implements Disposable {
  readonly conn: Deno.Conn;
  readonly #reader: FrameReader;
  readonly #decoder = new HpackDecoder(1 << 20);

  constructor(conn: Deno.Conn) {
    this.conn = conn;
    this.#reader = new FrameReader(conn);
  }

  /** Sends bytes. */
  async send(...parts: readonly Uint8Array[]): Promise<void> {
    const bytes = concatBytes(parts);
    for (let sent = 0; sent < bytes.length;) sent += await this.conn.write(bytes.subarray(sent));
  }

  /** Sends the preface, SETTINGS, and then the given frames. */
  hello(...frames: readonly Uint8Array[]): Promise<void> {
    return this.send(PREFACE, EMPTY_SETTINGS, ...frames);
  }

  /** Returns the next frame; undefined at the end of the connection, even after a connection reset. */
  async next(): Promise<TestFrame | undefined> {
    try {
      while (!this.#reader.next()) if (!await this.#reader.fill()) return undefined;
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionReset) return undefined;
      throw error;
    }
    const { type, flags, streamId, payload } = this.#reader;
    return { type, flags, streamId, payload: payload.slice() };
  }

  /** Returns the next frame of a type and skips others; undefined at the end of the connection. */
  async nextOf(type: number, streamId?: number): Promise<TestFrame | undefined> {
    for (let frame = await this.next(); frame; frame = await this.next()) {
      if (frame.type === type && (streamId === undefined || frame.streamId === streamId)) return frame;
      // Skipped blocks change the header table, too.
      if (frame.type === FrameType.headers) this.decode(frame);
    }
    return undefined;
  }

  /** Returns the code of the server's GOAWAY; undefined if the server sends none for the frames sent so far. */
  async goAwayCode(): Promise<number | undefined> {
    const frame = await this.#nextBeforeFence(({ type }) => type === FrameType.goAway);
    return frame && readUint32(frame.payload, 4);
  }

  /** Returns the code of the stream's RST_STREAM; undefined if the server sends none for the frames sent so far. */
  async resetCode(streamId: number): Promise<number | undefined> {
    const frame = await this.#nextBeforeFence((frame) =>
      frame.type === FrameType.resetStream && frame.streamId === streamId
    );
    return frame && readUint32(frame.payload, 0);
  }

  /**
   * Sends a PING and returns the first matching frame before its acknowledgement. Without the PING, a test of a frame
   * that the server doesn't send would hang instead of failing an assertion.
   */
  async #nextBeforeFence(matches: (frame: TestFrame) => boolean): Promise<TestFrame | undefined> {
    // The server may have closed the connection; its last frames can still be read.
    await this.send(encodeFrame(FrameType.ping, 0, 0, FENCE)).catch(() => {});
    for (let frame = await this.next(); frame; frame = await this.next()) {
      if (matches(frame)) return frame;
      if (frame.type === FrameType.headers) this.decode(frame);
      if (frame.type === FrameType.ping && equalBytes(frame.payload, FENCE)) return undefined;
    }
    return undefined;
  }

  /** Reads the response on a stream to its end; frames of other streams are skipped. */
  async response(streamId: number): Promise<TestResponse> {
    const lists: ReadonlyMap<string, string>[] = [];
    const body: Uint8Array[] = [];
    let reset: number | undefined;
    for (let frame = await this.next(); frame; frame = await this.next()) {
      const fields = frame.type === FrameType.headers ? this.decode(frame) : undefined;
      if (frame.streamId !== streamId) continue;
      if (fields) lists.push(fields);
      if (frame.type === FrameType.data) body.push(frame.payload);
      if (frame.type === FrameType.resetStream) reset = readUint32(frame.payload, 0);
      const last = frame.type <= FrameType.headers && (frame.flags & FrameFlag.endStream) !== 0;
      if (last || reset !== undefined) break;
    }
    const [headers = new Map<string, string>(), trailers = new Map<string, string>()] = lists;
    return { headers, body: concatBytes(body), trailers, reset };
  }

  /** Returns the fields of a HEADERS frame. */
  decode(frame: TestFrame): ReadonlyMap<string, string> {
    return new Map(this.#decoder.decode(frame.payload).fields);
  }

  /** Waits until the server has closed the connection. */
  async closed(): Promise<void> {
    while (await this.next());
  }

  [Symbol.dispose](): void {
    this.conn.close();
  }
}

/** A server connection and its client, over loopback. */
export interface TestPair {
  readonly client: TestClient;
  readonly connection: Http2Connection;
  /** The errors that the connection reported. */
  readonly errors: readonly unknown[];
}

/**
 * Opens a pair, runs the test, and closes both sides.
 *
 * @param wrap replaces the server's side of the connection, to make it fail
 */
export async function withPair(
  onStream: Http2StreamHandler,
  limits: Partial<Http2Limits>,
  test: (pair: TestPair) => Promise<void>,
  wrap: (conn: Deno.Conn) => Deno.Conn = (conn) => conn,
): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = listener.accept();
  using client = new TestClient(await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }));
  const errors: unknown[] = [];
  const resolved = resolveHttp2Limits(limits);
  const connection = new Http2Connection(wrap(await accepting), {
    onStream,
    onError: (error) => errors.push(error),
    limits: resolved,
    queued: { bytes: 0 },
    requests: new OpenRequests(resolved),
  });
  const running = connection.run();
  try {
    await test({ client, connection, errors });
  } finally {
    connection.close();
    await running;
  }
}
