/**
 * What frames act on: the connection, as those see it who read its frames.
 *
 * @module
 */
import type { AppError } from "../../base/errors.ts";
import type { FrameWriter } from "../stream/frame_writer.ts";
import type { H2Code } from "../frame/protocol_error.ts";
import type { Http2Stream } from "../stream/stream.ts";
import type { StreamTable } from "../stream/stream_table.ts";

/** What the frames act on. */
export interface FrameTarget {
  /** The streams of the connection. */
  readonly streams: StreamTable;
  /** Its writing half. */
  readonly outbox: FrameWriter;
  /** Opens a stream for a well-formed request. */
  openStream(
    streamId: number,
    headers: ReadonlyMap<string, string>,
    tooLarge: boolean,
  ): Http2Stream | undefined;
  /** Resets a stream, open or not, for a fault of the peer. */
  resetForFault(streamId: number, code: H2Code): void;
  /** The peer has reset a stream. */
  resetByPeer(stream: Http2Stream, reason: AppError): void;
  /** Gives the stream's sink the next bytes of the body. */
  deliver(stream: Http2Stream, bytes: Uint8Array, last: boolean): void;
  /** The peer answers our PING. */
  pinged(): void;
  /** The peer's window for new streams. */
  peerWindowBytes: number;
}
