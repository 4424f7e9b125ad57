/**
 * Moving one blob from a fetcher into a store: the one loop that all bytes of a pull pass.
 *
 * @module
 */
import { KIB } from "../base/bytes.ts";
import { AppError, isCode, messageOf } from "../base/errors.ts";
import { BufferPool } from "../base/buffer_pool.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Fetcher, TransferEvent } from "./remote.ts";
import type { Ingest, Ingester } from "./store.ts";

/** What a copy tells while it runs. */
export type CopyEvent =
  /** Another writer has the blob, for more than a second now. */
  | { readonly kind: "wait" }
  /** The writer's turn has come; `offset` bytes were here already. */
  | { readonly kind: "begin"; readonly offset: number; readonly host: string }
  /** So many bytes are here now. */
  | { readonly kind: "bytes"; readonly offset: number }
  /** All bytes are here and are being made durable. */
  | { readonly kind: "commit" }
  | TransferEvent;

/** How a copy ended. */
export interface CopyResult {
  /** False if the blob was there, or another writer brought it. */
  readonly created: boolean;
  /** Bytes that came over the network in this run, also those thrown away later. */
  readonly fetched: number;
}

/** Reads larger than this gain nothing; writes of 1 MiB and more cost several times the system time. */
const BUFFER_BYTES = 256 * KIB;

/** Blobs up to this size are read in one piece. */
const TINY_BYTES = 64 * KIB;

/** Buffers are lent from blob to blob: fresh memory costs more than a read. */
const SPARE_BUFFERS = new BufferPool({ bufferBytes: BUFFER_BYTES, buffers: 16 });
const TINY_BUFFERS = new BufferPool({ bufferBytes: TINY_BYTES, buffers: 32 });

/**
 * Copies one blob. What an earlier run left is gone on from; what turns out to be wrong is thrown away and fetched
 * once more from zero, so that a bad partial never blocks a pull.
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
  const count = (bytes: number) => fetched += bytes;
  try {
    await fill(fetcher, ingest, onEvent, count, signal);
    onEvent({ kind: "commit" });
    await ingest.commit();
  } catch (error) {
    // Another copy's wrong bytes come here too, as the signal's reason: they say nothing against what is here.
    if (signal.aborted || !isCode(error, "digest_mismatch", "size_mismatch")) throw error;
    onEvent({ kind: "restart", reason: messageOf(error) });
    ingest.restart();
    try {
      await fill(fetcher, ingest, onEvent, count, signal);
      onEvent({ kind: "commit" });
      await ingest.commit();
    } catch (again) {
      throw signal.aborted ? again : twice(again, resumed);
    }
  }
  return { created: true, fetched };
}

async function fill(
  fetcher: Fetcher,
  ingest: Ingest,
  onEvent: (event: CopyEvent) => void,
  count: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const { descriptor } = ingest;
  if (ingest.offset === descriptor.size && descriptor.size > 0) return;
  using body = await fetcher.fetch(descriptor, { offset: ingest.offset, onEvent }, signal);
  if (body.offset !== ingest.offset) {
    onEvent({ kind: "restart", reason: `host "${body.host}" can't go on in the middle` });
    ingest.restart();
  }
  onEvent({ kind: "begin", offset: ingest.offset, host: body.host });
  const isTiny = descriptor.size <= TINY_BYTES;
  const memory = isTiny ? TINY_BUFFERS.acquire(TINY_BYTES) : SPARE_BUFFERS.acquire(BUFFER_BYTES);
  // Full when all of a tiny one is there, and no sooner.
  const buffer = isTiny ? memory.subarray(0, Math.max(1, descriptor.size)) : memory;
  let filled = 0;
  const flush = () => {
    if (filled === 0) return;
    const bytes = filled === buffer.length ? buffer : buffer.subarray(0, filled);
    // Before the write: one that fails has taken a part of them, and must not get them again below.
    filled = 0;
    ingest.write(bytes);
    onEvent({ kind: "bytes", offset: ingest.offset });
  };
  try {
    // Filled before it is written: sockets give 16 to 64 KiB at a time, and a write per read costs a quarter more.
    for (;;) {
      const n = await body.read(filled === 0 ? buffer : buffer.subarray(filled));
      if (n === null) break;
      count(n);
      filled += n;
      if (filled === buffer.length) flush();
    }
  } finally {
    // Whatever ended the loop, the bytes that came are good ones to go on from.
    flush();
  }
  // Not after a failure: a read that was given up may still bring bytes.
  (isTiny ? TINY_BUFFERS : SPARE_BUFFERS).release(memory);
}

/** The same wrong bytes twice are the host's doing, and the message says so. */
function twice(error: unknown, resumed: boolean): unknown {
  if (!(error instanceof AppError) || !isCode(error, "digest_mismatch", "size_mismatch")) return error;
  const tries = resumed ? "after a fresh download" : "twice, each time from the first byte";
  return new AppError(error.code, `${error.message} (${tries})`, { details: error.details, cause: error });
}
