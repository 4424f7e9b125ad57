/**
 * The interface of a connection for the frame handlers.
 *
 * @module
 */
import type { AppError } from "../../base/errors.ts";
import type { FrameWriter } from "../stream/frame_writer.ts";
import type { H2Code } from "../frame/protocol_error.ts";
import type { Http2Stream } from "../stream/stream.ts";
import type { StreamTable } from "../stream/stream_table.ts";

/** The connection that received frames change. */
export interface FrameTarget {
  /** The streams of the connection. */
  readonly streams: StreamTable;
  /** Writes the frames of the connection. */
  readonly writer: FrameWriter;
  /** Opens a stream for a well-formed request. */
  openStream(
    streamId: number,
    headers: ReadonlyMap<string, string>,
    tooLarge: boolean,
  ): Http2Stream | undefined;
  /** Resets a stream, open or not, because the peer violated the protocol. */
  resetForFault(streamId: number, code: H2Code): void;
  /** Closes a stream that the peer has reset. */
  resetByPeer(stream: Http2Stream, reason: AppError): void;
  /** Passes the next bytes of the body to the stream's sink. */
  deliver(stream: Http2Stream, bytes: Uint8Array, last: boolean): void;
  /** The peer has acknowledged our PING. */
  pingAcknowledged(): void;
  /** The initial send window of new streams, in bytes. */
  peerWindowBytes: number;
}
