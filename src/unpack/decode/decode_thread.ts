/**
 * The worker thread that decodes layers: it reads a blob's file, decompresses and hashes it, and writes the
 * bytes to shared memory.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import { AppError, type ErrorCode, type ErrorDetails } from "../../base/errors.ts";
import { loadHashing } from "../../base/hash.ts";
import { serveThread } from "../../base/concurrency/worker.ts";
import { compressionOf } from "../../compress/compression.ts";
import { openDecoder } from "../../compress/decoder.ts";
import { DEFAULT_EXPANSION } from "../../compress/limits.ts";
import type { DecodedSizes, DecodeTask } from "./decode.ts";
import { RingWriter } from "./decode_ring.ts";

/** The output of one read usually fits in one chunk. */
const INPUT_BYTES = 64 * KIB;

/** A layer to decode. The thread runs its jobs one after the other. */
export interface DecodeJob extends DecodeTask {
  readonly id: number;
  readonly path: string;
  /** The buffer of a ring. */
  readonly buffer: SharedArrayBuffer;
  /** Whether the receiving thread can hash the bytes instead of this one. */
  readonly canReceiverHash: boolean;
}

/** A message about a job. */
export type DecodeMessage =
  /** The ring has a chunk of this length. The receiver must hash it if `isHashed` is false. */
  | { readonly id: number; readonly kind: "chunk"; readonly length: number; readonly isHashed: boolean }
  /** The job is complete. `hex` is missing if the receiver hashes. */
  | {
    readonly id: number;
    readonly kind: "end";
    readonly sizes: DecodedSizes;
    readonly hex: string | undefined;
  }
  /** This thread can't decode, for a reason other than the layer's content. */
  | { readonly id: number; readonly kind: "unsupported" }
  | {
    readonly id: number;
    readonly kind: "failure";
    readonly code: ErrorCode;
    readonly message: string;
    readonly details: ErrorDetails;
  };

/** Makes the current thread decode layers. */
export async function serveDecoding(): Promise<void> {
  // Load decompression in advance. Hashing costs 4 MB, so it is loaded by the first job that needs it.
  using _preloaded = await openDecoder("gzip", DEFAULT_EXPANSION);
  let queue = Promise.resolve();
  serveThread<DecodeJob, DecodeMessage>((job, reply) => {
    queue = queue.then(() => runJob(job, reply));
  });
}

async function runJob(job: DecodeJob, reply: (message: DecodeMessage) => void): Promise<void> {
  const { id } = job;
  try {
    const onChunk = (length: number, isHashed: boolean) => reply({ id, kind: "chunk", length, isHashed });
    reply({ id, kind: "end", ...await decodeFile(job, onChunk) });
  } catch (error) {
    if (!(error instanceof AppError)) return reply({ id, kind: "unsupported" });
    const { code, message, details } = error;
    reply({ id, kind: "failure", code, message, details });
  }
}

async function decodeFile(
  { path, algorithm, limits, buffer, canReceiverHash }: DecodeJob,
  onChunk: (length: number, isHashed: boolean) => void,
): Promise<{ readonly sizes: DecodedSizes; readonly hex: string | undefined }> {
  const ring = new RingWriter(buffer);
  const input = new Uint8Array(INPUT_BYTES);
  using file = Deno.openSync(path, { read: true });
  let filled = file.readSync(input) ?? 0;
  const compression = compressionOf(input.subarray(0, filled));
  // Decompressing gzip takes as long as hashing and creating the files together, so let the receiver hash.
  // Other formats leave this thread enough time to hash.
  const hasher = compression === "gzip" && canReceiverHash ? undefined : (await loadHashing())(algorithm);
  using decoder = await openDecoder(compression, limits, () => ring.slot());
  const emit = (chunks: Iterable<Uint8Array>) => {
    for (const chunk of chunks) {
      hasher?.update(chunk);
      // Uncompressed bytes are still in the input buffer.
      if (compression === "none") ring.slot().set(chunk);
      ring.commit();
      onChunk(chunk.length, hasher !== undefined);
    }
  };
  while (filled > 0) {
    emit(decoder.decode(input.subarray(0, filled)));
    filled = file.readSync(input) ?? 0;
  }
  emit(decoder.finish());
  const { bytesIn, bytesOut } = decoder;
  return { sizes: { bytesIn, bytesOut }, hex: hasher?.hex() };
}
