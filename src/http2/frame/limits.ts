/**
 * Every limit of the server, with the attack that it stops.
 *
 * @module
 */
import { KIB, MIB } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { WINDOW_MAX_BYTES } from "./frame.ts";
import type { Rate } from "./token_bucket.ts";

/** How much a peer may ask of the server. */
export interface Http2Limits {
  /**
   * Connections open at once. One more takes the place of the one that has been idle longest, or is closed.
   * Stops: holding connections until the process has no descriptors left.
   */
  readonly maxConnections: number;
  /** Streams open at once on a connection. Stops: calls piled up without bound. */
  readonly maxStreams: number;
  /** Bytes of a header block, coded and decoded. Stops: headers without end, and small blocks that unfold. */
  readonly headerBytes: number;
  /** CONTINUATION frames of a header block. Stops: the CONTINUATION flood, thousands of empty ones. */
  readonly maxContinuations: number;
  /** Answers to the peer's PING, SETTINGS and faults that wait to be written. Stops: asking without reading. */
  readonly maxQueuedControls: number;
  /** Streams that the peer resets, or makes us reset. Stops: rapid reset, work started and thrown away. */
  readonly resets: Rate;
  /** Frames that carry nothing: SETTINGS, PRIORITY, empty DATA, unknown types. Stops: floods of them. */
  readonly emptyFrames: Rate;
  /**
   * Response bytes of a connection that wait for the peer; above it requests wait, too. Stops: asking much and
   * reading nothing.
   */
  readonly queuedResponseBytes: number;
  /** The same over all connections; one with nothing waiting is still served. */
  readonly allQueuedResponseBytes: number;
  /** Request bytes that a stream may have on the way to us. Stops: bodies sent faster than they are read. */
  readonly streamWindowBytes: number;
  /** The same for all streams of a connection. */
  readonly connectionWindowBytes: number;
  /** Milliseconds until the preface and SETTINGS must be here. Stops: half prefaces. */
  readonly prefaceMs: number;
  /** Milliseconds without a stream until the connection is closed in good order. Stops: forgotten connections. */
  readonly idleMs: number;
  /** Milliseconds until a request must be here to its end. Stops: bodies that drip. */
  readonly requestMs: number;
  /** Milliseconds that written bytes may wait for the peer. Stops: slow readers, and windows kept shut. */
  readonly writeStallMs: number;
  /** Milliseconds that a connection stays half open after an error, so that the peer can read why. */
  readonly lingerMs: number;
}

/** What holds if nothing else is asked for; above what crictl, kubelet and 1,500 calls at once need. */
export const DEFAULT_HTTP2_LIMITS: Http2Limits = {
  maxConnections: 512,
  maxStreams: 1000,
  headerBytes: 64 * KIB,
  maxContinuations: 32,
  maxQueuedControls: 2000,
  resets: { burst: 2000, perSecond: 200 },
  emptyFrames: { burst: 2000, perSecond: 100 },
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
 * The defaults with some of them changed.
 *
 * @throws AppError `invalid_argument` for a number that is not above zero, or a window above 2^31-1
 */
export function resolveHttp2Limits(changes: Partial<Http2Limits> = {}): Http2Limits {
  const limits = { ...DEFAULT_HTTP2_LIMITS, ...changes };
  for (const [name, limit] of Object.entries(limits)) {
    const numbers = typeof limit === "number" ? [limit] : Object.values(limit);
    const most = name.endsWith("WindowBytes") ? WINDOW_MAX_BYTES : Number.MAX_SAFE_INTEGER;
    if (!numbers.every((number) => number > 0 && number <= most)) {
      throw new AppError("invalid_argument", `Cannot serve HTTP/2: limit "${name}" is not in 1..${most}`);
    }
  }
  return limits;
}
