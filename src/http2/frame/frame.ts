/**
 * The frame layout of HTTP/2 (RFC 9113, sections 4 and 6): nine bytes of header, then the payload.
 *
 * @module
 */

/** Bytes of a frame header. */
export const FRAME_HEADER_BYTES = 9;

/** The largest payload that we accept: the protocol's default, because we never announce another limit. */
export const FRAME_PAYLOAD_BYTES = 16_384;

/** The initial window of a connection, and of a stream unless the peer's SETTINGS changed it. */
export const DEFAULT_WINDOW_BYTES = 65_535;

/** The largest window (RFC 9113, section 6.9.1). */
export const WINDOW_MAX_BYTES = 0x7fff_ffff;

/** The first bytes of a client (RFC 9113, section 3.4). */
export const PREFACE: Uint8Array = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Frame types (RFC 9113, section 6). */
export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  resetStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Frame flags. `ack` and `endStream` are the same bit, in different frame types. */
export const FrameFlag = { ack: 0x1, endStream: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

/** Reads a big-endian 32-bit number, which must be completely in `bytes`. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return (readUint16(bytes, at) * 0x1_0000) + readUint16(bytes, at + 2);
}

/** Reads a big-endian 16-bit number, which must be completely in `bytes`. */
export function readUint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

/** Reads a stream id or a window size: 31 bits; the reserved bit is ignored. */
export function readUint31(bytes: Uint8Array, at: number): number {
  return readUint32(bytes, at) & 0x7fff_ffff;
}

/** Writes a big-endian 32-bit number. */
export function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Writes a frame header at `at`. */
export function writeFrameHeader(
  bytes: Uint8Array,
  at: number,
  length: number,
  type: number,
  flags: number,
  streamId: number,
): void {
  bytes[at] = length >>> 16;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = type;
  bytes[at + 4] = flags;
  writeUint32(bytes, at + 5, streamId);
}

/** Encodes a frame; the payload is copied. */
export function encodeFrame(type: number, flags: number, streamId: number, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  writeFrameHeader(frame, 0, payload.length, type, flags, streamId);
  frame.set(payload, FRAME_HEADER_BYTES);
  return frame;
}

/** Encodes RST_STREAM with an error code. */
export function encodeResetStream(streamId: number, code: number): Uint8Array {
  return encodeNumberFrame(FrameType.resetStream, streamId, code);
}

/** Encodes WINDOW_UPDATE; stream 0 means the connection. */
export function encodeWindowUpdate(streamId: number, increment: number): Uint8Array {
  return encodeNumberFrame(FrameType.windowUpdate, streamId, increment);
}

/** Encodes GOAWAY: the last stream that is served, the error code, and a message for the peer's log. */
export function encodeGoAway(lastStreamId: number, code: number, message: string): Uint8Array {
  const text = new TextEncoder().encode(message);
  const payload = new Uint8Array(8 + text.length);
  writeUint32(payload, 0, lastStreamId);
  writeUint32(payload, 4, code);
  payload.set(text, 8);
  return encodeFrame(FrameType.goAway, 0, 0, payload);
}

function encodeNumberFrame(type: number, streamId: number, value: number): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + 4);
  writeFrameHeader(frame, 0, 4, type, 0, streamId);
  writeUint32(frame, FRAME_HEADER_BYTES, value);
  return frame;
}
