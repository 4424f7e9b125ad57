/**
 * A thread that decodes layers: it reads a blob's file, decompresses and hashes, and puts the bytes into shared memory.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import { AppError, type ErrorCode, type ErrorDetails } from "../../base/errors.ts";
import { loadHashing } from "../../base/hash.ts";
import { serveThread } from "../../base/worker.ts";
import { compressionOf } from "../../compress/compression.ts";
import { openDecoder } from "../../compress/decoder.ts";
import { DEFAULT_EXPANSION } from "../../compress/limits.ts";
import type { DecodeTask, UnhashedLayer } from "./decode.ts";
import { RingWriter } from "./decode_ring.ts";

/** What comes of one read fits the room of one chunk, most often. */
const INPUT_BYTES = 64 * KIB;

/** A layer to decode. Orders are worked off one after the other. */
export interface DecodeJob extends DecodeTask {
  readonly id: number;
  readonly path: string;
  /** That of a ring. */
  readonly memory: SharedArrayBuffer;
  /** Whether the thread that takes the bytes can hash them as well as this one. */
  readonly canTakerHash: boolean;
}

/** What the thread says of an order. */
export type DecodeMessage =
  /** A chunk of so many bytes is in the ring; the taker hashes it if it was not hashed here. */
  | { readonly id: number; readonly kind: "chunk"; readonly length: number; readonly isHashed: boolean }
  /** All chunks were told. The hash is missing if the taker has it. */
  | {
    readonly id: number;
    readonly kind: "end";
    readonly facts: UnhashedLayer;
    readonly hex: string | undefined;
  }
  /** It can't be done here, and that is nothing about the layer. */
  | { readonly id: number; readonly kind: "unable" }
  | {
    readonly id: number;
    readonly kind: "failure";
    readonly code: ErrorCode;
    readonly message: string;
    readonly details: ErrorDetails;
  };

/** Makes the thread that we are on decode layers. */
export async function serveDecoding(): Promise<void> {
  // What decompresses is loaded by the first decoder; what hashes, by the first order that wants it: that costs 4 MB.
  using _first = await openDecoder("gzip", DEFAULT_EXPANSION);
  let turn = Promise.resolve();
  serveThread<DecodeJob, DecodeMessage>((order, answer) => {
    turn = turn.then(() => decode(order, answer));
  });
}

async function decode(order: DecodeJob, answer: (reply: DecodeMessage) => void): Promise<void> {
  const { id } = order;
  try {
    const tell = (length: number, isHashed: boolean) => answer({ id, kind: "chunk", length, isHashed });
    answer({ id, kind: "end", ...await decodeFile(order, tell) });
  } catch (error) {
    if (!(error instanceof AppError)) return answer({ id, kind: "unable" });
    const { code, message, details } = error;
    answer({ id, kind: "failure", code, message, details });
  }
}

async function decodeFile(
  { path, algorithm, limits, memory, canTakerHash }: DecodeJob,
  tell: (length: number, isHashed: boolean) => void,
): Promise<{ readonly facts: UnhashedLayer; readonly hex: string | undefined }> {
  const ring = new RingWriter(memory);
  const input = new Uint8Array(INPUT_BYTES);
  using file = Deno.openSync(path, { read: true });
  let filled = file.readSync(input) ?? 0;
  const compression = compressionOf(input.subarray(0, filled));
  // To decompress gzip takes as long as to hash and to make the files together: that is the fair share of a thread. Other
  // formats leave time for the hash.
  const hasher = compression === "gzip" && canTakerHash ? undefined : (await loadHashing())(algorithm);
  using decoder = await openDecoder(compression, limits, () => ring.room());
  const putAll = (chunks: Iterable<Uint8Array>) => {
    for (const chunk of chunks) {
      hasher?.update(chunk);
      // Plain bytes come where they were read to.
      if (compression === "none") ring.room().set(chunk);
      ring.put();
      tell(chunk.length, hasher !== undefined);
    }
  };
  while (filled > 0) {
    putAll(decoder.decode(input.subarray(0, filled)));
    filled = file.readSync(input) ?? 0;
  }
  putAll(decoder.finish());
  const { bytesIn, bytesOut } = decoder;
  return { facts: { bytesIn, bytesOut }, hex: hasher?.hex() };
}
