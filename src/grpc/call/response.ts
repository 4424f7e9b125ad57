/**
 * Header blocks of responses. Those of successful calls are encoded once.
 *
 * @module
 */
import { encodeHeaderBlock } from "../../http2/hpack/encoder.ts";
import type { HeaderField } from "../../http2/hpack/static_table.ts";
import type { Http2Stream } from "../../http2/stream/stream.ts";
import { writeUint32 } from "../../http2/frame/frame.ts";
import { MESSAGE_PREFIX_BYTES } from "../wire/message_reader.ts";
import { encodeStatusMessage } from "../wire/status_message.ts";
import { type RpcStatus, StatusCode } from "../wire/status.ts";

const HEADERS: readonly HeaderField[] = [[":status", "200"], ["content-type", "application/grpc"]];
/** Lists the supported encodings, for a client whose encoding isn't supported. */
const ACCEPTED: HeaderField = ["grpc-accept-encoding", "identity,gzip"];
const HEADER_BLOCK = encodeHeaderBlock(HEADERS);
const OK_BLOCK = encodeHeaderBlock([["grpc-status", "0"]]);

/** Starts a response with messages. */
export function sendResponseHeaders(stream: Http2Stream): void {
  stream.sendHeaders(HEADER_BLOCK);
}

/** Queues a message. Returns false if the caller should wait until the stream is drained. */
export function sendMessage(stream: Http2Stream, message: Uint8Array): boolean {
  const prefix = new Uint8Array(MESSAGE_PREFIX_BYTES);
  writeUint32(prefix, 1, message.length);
  stream.write(prefix);
  return stream.write(message);
}

/** Ends a response whose headers were sent. */
export function sendTrailers(stream: Http2Stream, status: RpcStatus): void {
  stream.end(status.code === StatusCode.ok ? OK_BLOCK : encodeHeaderBlock(statusFields(status)));
}

/** Sends the response of a call that failed before its first message: one header block. */
export function sendTrailersOnly(stream: Http2Stream, status: RpcStatus): void {
  const accepted = status.code === StatusCode.unimplemented ? [ACCEPTED] : [];
  stream.sendHeaders(encodeHeaderBlock([...HEADERS, ...accepted, ...statusFields(status)]));
  stream.end();
}

/** Responds to a request that isn't a gRPC call, with only an HTTP status. */
export function sendHttpStatus(stream: Http2Stream, status: 405 | 415): void {
  stream.sendHeaders(encodeHeaderBlock([[":status", String(status)]]));
  stream.end();
}

function statusFields(status: RpcStatus): HeaderField[] {
  const fields: HeaderField[] = [["grpc-status", String(status.code)]];
  if (status.message !== "") fields.push(["grpc-message", encodeStatusMessage(status.message)]);
  return fields;
}
