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
 * downloads it once more, so that a corrupt partial never blocks a pull.
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
  let fetched = 0;
  let host: string | undefined;
  const onRead = (bytes: number, from: string) => {
    fetched += bytes;
    host = from;
  };
  try {
    await download(fetcher, ingest, onEvent, onRead, signal);
    onEvent({ kind: "commit" });
    await ingest.commit();
  } catch (error) {
    // A concurrent copy's digest mismatch also arrives here, as the abort reason; it doesn't invalidate our
    // partial.
    if (signal.aborted || !isCode(error, "digest_mismatch", "size_mismatch")) throw error;
    onEvent({ kind: "restart", reason: messageOf(error) });
    ingest.restart();
    try {
      await download(fetcher, ingest, onEvent, onRead, signal);
      onEvent({ kind: "commit" });
      await ingest.commit();
    } catch (secondError) {
      throw signal.aborted ? secondError : corruptData(secondError, descriptor, host, resumed);
    }
  }
  return { created: true, fetched };
}

async function download(
  fetcher: Fetcher,
  ingest: Ingest,
  onEvent: (event: CopyEvent) => void,
  onRead: (bytes: number, host: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const { descriptor } = ingest;
  if (ingest.offset === descriptor.size && descriptor.size > 0) return;
  using body = await fetcher.fetch(descriptor, { offset: ingest.offset, onEvent }, signal);
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
      onRead(n, body.host);
      filled += n;
      if (filled === buffer.length) flush();
    }
  } finally {
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
  const times = resumed ? "also when it was downloaded from byte 0" : "twice";
  const { got } = error.details;
  const message = error.code === "digest_mismatch" && typeof got === "string" && host !== undefined
    ? `Cannot fetch blob "${digest}": host "${host}" sent data with the digest "${got}", ${times}`
    : `${error.message}, ${times}`;
  return new AppError(error.code, message, { details: error.details, cause: error });
}
