/**
 * All limits of the server, with the attack that each limit stops.
 *
 * @module
 */
import { KIB, MIB } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { WINDOW_MAX_BYTES } from "./frame.ts";
import type { Rate } from "./token_bucket.ts";

/** Limits on what a peer may use. */
export interface Http2Limits {
  /**
   * Open connections. An additional connection replaces the oldest one without a complete preface, else the one that
   * has been idle longest, else the oldest one with only incomplete requests; if there is none, it is closed. Stops:
   * opening connections until the process has no file descriptor left, or until no other client can connect.
   */
  readonly maxConnections: number;
  /** Open streams per connection. Stops: an unlimited number of parallel requests. */
  readonly maxStreams: number;
  /**
   * Open streams of all connections. An additional one replaces the request that has been incomplete longest. Stops:
   * many connections with many requests each.
   */
  readonly allStreams: number;
  /**
   * Streams that a connection may open even if all requests are complete and `allStreams` or `allHeaderBytes` is reached.
   * Stops: a client whose many calls wait from preventing the few calls of others.
   */
  readonly guaranteedStreams: number;
  /** Header bytes of the open streams of all connections; handled as `allStreams`. Stops: many large headers. */
  readonly allHeaderBytes: number;
  /** Bytes of a header block, both encoded and decoded. Stops: endless headers; HPACK bombs. */
  readonly headerBytes: number;
  /** CONTINUATION frames per header block. Stops: the CONTINUATION flood (thousands of empty frames). */
  readonly maxContinuations: number;
  /** Queued responses to PING, SETTINGS and stream errors. Stops: sending such frames without reading responses. */
  readonly maxQueuedControls: number;
  /** Streams that the peer resets, or causes us to reset. Stops: rapid reset. */
  readonly resets: Rate;
  /** Frames without payload for a request: SETTINGS, PRIORITY, GOAWAY, empty DATA, unknown types, HEADERS for refused streams. Stops: floods. */
  readonly emptyFrames: Rate;
  /**
   * PING, WINDOW_UPDATE, and RST_STREAM for ended streams, beyond four per part of a response that was sent (grpc-go
   * sends a PING per part to measure the bandwidth). Stops: floods of these frames by a client that reads the
   * acknowledgements.
   */
  readonly pingAndWindowFrames: Rate;
  /**
   * Queued response bytes per connection; above the limit, new requests wait. Stops: requesting without reading.
   */
  readonly queuedResponseBytes: number;
  /** Queued response bytes of all connections. A connection without queued bytes is served even above the limit. */
  readonly allQueuedResponseBytes: number;
  /** Receive window of a stream, in bytes. Stops: bodies that are sent faster than they are read. */
  readonly streamWindowBytes: number;
  /** Receive window of a connection, in bytes. */
  readonly connectionWindowBytes: number;
  /** Milliseconds until preface and SETTINGS must be complete. Stops: connections that never start. */
  readonly prefaceMs: number;
  /** Milliseconds without a stream until the connection is closed with GOAWAY. Stops: abandoned connections. */
  readonly idleMs: number;
  /** Milliseconds until a request must be complete. Stops: bodies that are sent extremely slowly. */
  readonly requestMs: number;
  /** Milliseconds until the peer must read, or open its window. Stops: peers that never read. */
  readonly writeStallMs: number;
  /** Milliseconds that a connection stays half open after an error, so that the peer can read the GOAWAY. */
  readonly lingerMs: number;
}

/** The default limits, above what crictl, a kubelet and 1,500 parallel calls need. */
const DEFAULT_HTTP2_LIMITS: Http2Limits = {
  maxConnections: 512,
  maxStreams: 1000,
  allStreams: 8192,
  guaranteedStreams: 16,
  allHeaderBytes: 64 * MIB,
  headerBytes: 64 * KIB,
  maxContinuations: 32,
  maxQueuedControls: 2000,
  resets: { burst: 2000, perSecond: 200 },
  emptyFrames: { burst: 2000, perSecond: 100 },
  pingAndWindowFrames: { burst: 5000, perSecond: 200 },
  queuedResponseBytes: 64 * MIB,
  allQueuedResponseBytes: 256 * MIB,
  streamWindowBytes: MIB,
  connectionWindowBytes: 8 * MIB,
  prefaceMs: 10_000,
  idleMs: 30 * 60_000,
  requestMs: 120_000,
  writeStallMs: 30_000,
  lingerMs: 1000,
};

/**
 * Returns the defaults with the given changes.
 *
 * @throws AppError `invalid_argument` for a number that isn't positive, or a window above 2^31-1
 */
export function resolveHttp2Limits(changes: Partial<Http2Limits> = {}): Http2Limits {
  const limits = { ...DEFAULT_HTTP2_LIMITS, ...changes };
  for (const [name, limit] of Object.entries(limits)) {
    const numbers = typeof limit === "number" ? [limit] : Object.values(limit);
    const most = name.endsWith("WindowBytes") ? WINDOW_MAX_BYTES : Number.MAX_SAFE_INTEGER;
    if (!numbers.every((number) => number > 0 && number <= most)) {
      throw new AppError(
        "invalid_argument",
        `Cannot serve HTTP/2: limit "${name}" must be above 0, at most ${most}`,
      );
    }
  }
  return limits;
}
