/**
 * Copying one blob from a fetcher into a store: all bytes of a pull pass through this loop.
 *
 * @module
 */
import { BufferPool } from "../base/buffer_pool.ts";
import { AppError, isCode, messageOf } from "../base/errors.ts";
import {
  COPY_BUFFER_BYTES,
  COPY_IDLE_BUFFERS,
  CORRUPT_DOWNLOADS,
  PIPELINED_IDLE_BUFFERS,
  PIPELINED_MAX_BYTES,
} from "../base/tuning.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Fetcher, TransferEvent } from "./remote.ts";
import type { Ingest, Ingester } from "./store.ts";

/** Events of a copy. */
export type CopyEvent =
  /** Another writer has locked the blob for more than a second. */
  | { readonly kind: "wait" }
  /** The first response has started; `offset` bytes were already stored. */
  | { readonly kind: "begin"; readonly offset: number; readonly host: string }
  /** `offset` bytes have been written. */
  | { readonly kind: "bytes"; readonly offset: number }
  /** All bytes have been written and are being synced. */
  | { readonly kind: "commit" }
  | TransferEvent;

/** The result of a copy. */
export interface CopyResult {
  /** False if the blob was already stored, or another writer stored it. */
  readonly created: boolean;
  /** Bytes received over the network in this run, including those discarded later. */
  readonly fetched: number;
}

/** All copies share their buffers: allocating one costs more than a read. */
const COPY_BUFFERS = new BufferPool({ bufferBytes: COPY_BUFFER_BYTES, buffers: COPY_IDLE_BUFFERS });
const PIPELINED_BUFFERS = new BufferPool({
  bufferBytes: PIPELINED_MAX_BYTES,
  buffers: PIPELINED_IDLE_BUFFERS,
});

/**
 * Copies one blob. Resumes a partial download. If the content doesn't match its digest, discards it and
 * downloads it again, so that a corrupt partial never blocks a pull.
 *
 * @throws AppError what the fetcher or the ingest throws, or the signal's reason
 */
export async function copyBlob(
  fetcher: Fetcher,
  ingester: Ingester,
  descriptor: Descriptor,
  onEvent: (event: CopyEvent) => void,
  signal: AbortSignal,
): Promise<CopyResult> {
  await using ingest = await ingester.beginIngest(descriptor, signal, () => onEvent({ kind: "wait" }));
  if (ingest === undefined) return { created: false, fetched: 0 };
  const resumed = ingest.offset > 0;
  const state: DownloadState = { fetched: 0, host: undefined, isOpen: true, isJoined: false };
  // A partial of an earlier run doesn't count as a download.
  let left = resumed ? CORRUPT_DOWNLOADS : CORRUPT_DOWNLOADS - 1;
  for (let allowsRanges = true;; left--) {
    try {
      await download(fetcher, ingest, { onEvent, allowsRanges, state }, signal);
      onEvent({ kind: "commit" });
      await ingest.commit();
      return { created: true, fetched: state.fetched };
    } catch (error) {
      // A concurrent copy's digest mismatch also arrives here, as the abort reason; it doesn't invalidate our
      // partial.
      if (signal.aborted || !isCode(error, "digest_mismatch", "size_mismatch")) throw error;
      // The fetcher has already retried a response that it couldn't use.
      if (!state.isOpen) throw error;
      if (left === 0) throw corruptData(error, descriptor, state.host, resumed);
      onEvent({ kind: "restart", reason: messageOf(error) });
      ingest.restart();
      // If bytes of this run were joined wrongly, ranges may be at fault. A partial may have been corrupt itself.
      if (state.isJoined && !(resumed && left === CORRUPT_DOWNLOADS)) allowsRanges = false;
    }
  }
}

/** Facts about the downloads of one copy. */
interface DownloadState {
  /** Bytes received, including those discarded later. */
  fetched: number;
  /** The host that sent the last bytes. */
  host: string | undefined;
  /** False while the fetcher opens a body. */
  isOpen: boolean;
  /** Whether the last body joined bytes of several responses. */
  isJoined: boolean;
}

interface DownloadOptions {
  readonly onEvent: (event: CopyEvent) => void;
  readonly allowsRanges: boolean;
  readonly state: DownloadState;
}

async function download(
  fetcher: Fetcher,
  ingest: Ingest,
  { onEvent, allowsRanges, state }: DownloadOptions,
  signal: AbortSignal,
): Promise<void> {
  const { descriptor } = ingest;
  if (ingest.offset === descriptor.size && descriptor.size > 0) return;
  const options = { offset: ingest.offset, onEvent, ...allowsRanges ? {} : { allowsRanges } };
  state.isOpen = false;
  using body = await fetcher.fetch(descriptor, options, signal);
  state.isOpen = true;
  if (body.offset !== ingest.offset) {
    onEvent({ kind: "restart", reason: `host "${body.host}" can't resume` });
    ingest.restart();
  }
  onEvent({ kind: "begin", offset: ingest.offset, host: body.host });
  const isShort = descriptor.size <= PIPELINED_MAX_BYTES;
  const pool = isShort ? PIPELINED_BUFFERS : COPY_BUFFERS;
  const pooled = pool.acquire(isShort ? PIPELINED_MAX_BYTES : COPY_BUFFER_BYTES);
  // A short blob is written in one piece, once its last byte has arrived.
  const buffer = isShort ? pooled.subarray(0, Math.max(1, descriptor.size)) : pooled;
  let filled = 0;
  const flush = () => {
    if (filled === 0) return;
    const bytes = filled === buffer.length ? buffer : buffer.subarray(0, filled);
    // Reset before the write: a write that fails may have written some of the bytes, and must not be repeated
    // below.
    filled = 0;
    ingest.write(bytes);
    onEvent({ kind: "bytes", offset: ingest.offset });
  };
  try {
    // Fill the buffer before writing: sockets return 16 to 64 KiB per read, and a write per read costs 25 %
    // more time.
    for (;;) {
      const n = await body.read(filled === 0 ? buffer : buffer.subarray(filled));
      if (n === null) break;
      state.fetched += n;
      state.host = body.host;
      filled += n;
      if (filled === buffer.length) flush();
    }
  } finally {
    state.isJoined = body.isJoined ?? false;
    // Also after a failure: the next attempt can resume from the bytes that have arrived.
    flush();
  }
  // Don't recycle the buffer after a failure: an abandoned read may still write to it.
  pool.release(pooled);
}

/** Wrong bytes in a download from byte 0 are the host's fault: the message names the host. */
function corruptData(
  error: unknown,
  { digest }: Descriptor,
  host: string | undefined,
  resumed: boolean,
): unknown {
  if (!(error instanceof AppError) || !isCode(error, "digest_mismatch", "size_mismatch")) return error;
  const times = resumed ? "also when it was downloaded from byte 0" : `${CORRUPT_DOWNLOADS} times`;
  const { got } = error.details;
  const message = error.code === "digest_mismatch" && typeof got === "string" && host !== undefined
    ? `Cannot fetch blob "${digest}": host "${host}" sent data with the digest "${got}", ${times}`
    : `${error.message}, ${times}`;
  return new AppError(error.code, message, { details: error.details, cause: error });
}
