/**
 * A thread that decodes layers: it reads a blob's file, decompresses and hashes, and puts the bytes into shared memory.
 *
 * @module
 */
import { KIB } from "../base/bytes.ts";
import { AppError, type ErrorCode, type ErrorDetails } from "../base/errors.ts";
import { type HasherFactory, loadHashing } from "../base/hash.ts";
import { serveThread } from "../base/worker.ts";
import { compressionOf } from "../compress/compression.ts";
import { openDecoder } from "../compress/decoder.ts";
import { DEFAULT_EXPANSION } from "../compress/limits.ts";
import type { DecodedFacts, DecodeTask } from "./decode.ts";
import { RingWriter } from "./decode_ring.ts";

/** What comes of one read fits the room of one chunk, most often. */
const INPUT_BYTES = 64 * KIB;

/** A layer to decode. Orders are worked off one after the other. */
export interface DecodeOrder extends DecodeTask {
  readonly id: number;
  readonly path: string;
  /** That of a ring. */
  readonly memory: SharedArrayBuffer;
}

/** What the thread says of an order. */
export type DecodeReply =
  /** A chunk of so many bytes is in the ring. */
  | { readonly id: number; readonly kind: "chunk"; readonly length: number }
  /** All chunks were told. */
  | { readonly id: number; readonly kind: "end"; readonly facts: DecodedFacts }
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
  const hashing = await loadHashing();
  // What decompresses is loaded by the first decoder.
  using _first = await openDecoder("gzip", DEFAULT_EXPANSION);
  let turn = Promise.resolve();
  serveThread<DecodeOrder, DecodeReply>((order, answer) => {
    turn = turn.then(() => decode(order, hashing, answer));
  });
}

async function decode(
  order: DecodeOrder,
  hashing: HasherFactory,
  answer: (reply: DecodeReply) => void,
): Promise<void> {
  const { id } = order;
  try {
    answer({
      id,
      kind: "end",
      facts: await decodeFile(order, hashing, (length) => answer({ id, kind: "chunk", length })),
    });
  } catch (error) {
    if (!(error instanceof AppError)) return answer({ id, kind: "unable" });
    const { code, message, details } = error;
    answer({ id, kind: "failure", code, message, details });
  }
}

async function decodeFile(
  { path, algorithm, limits, memory }: DecodeOrder,
  hashing: HasherFactory,
  tell: (length: number) => void,
): Promise<DecodedFacts> {
  const ring = new RingWriter(memory);
  const hasher = hashing(algorithm);
  const input = new Uint8Array(INPUT_BYTES);
  using file = Deno.openSync(path, { read: true });
  let filled = file.readSync(input) ?? 0;
  const compression = compressionOf(input.subarray(0, filled));
  using decoder = await openDecoder(compression, limits, () => ring.room());
  const putAll = (chunks: Iterable<Uint8Array>) => {
    for (const chunk of chunks) {
      hasher.update(chunk);
      // Plain bytes come where they were read to.
      if (compression === "none") ring.room().set(chunk);
      ring.put();
      tell(chunk.length);
    }
  };
  while (filled > 0) {
    putAll(decoder.decode(input.subarray(0, filled)));
    filled = file.readSync(input) ?? 0;
  }
  putAll(decoder.finish());
  return { hex: hasher.hex(), bytesIn: decoder.bytesIn, bytesOut: decoder.bytesOut };
}
