/**
 * The worker thread that hashes files while they grow.
 *
 * @module
 */
import { messageOf } from "../../base/errors.ts";
import { type HashAlgorithm, type Hasher, type HasherFactory, loadHashing } from "../../base/hash.ts";
import { serveThread } from "../../base/concurrency/worker.ts";
import { HASH_THREAD_READ_BYTES } from "../../base/tuning.ts";

/** A message to the worker. The first one of an id opens the file; `end` and `drop` close it. */
export interface HashMessage {
  readonly id: number;
  readonly path: string;
  readonly algorithm: HashAlgorithm;
  /** Number of bytes that the file has. */
  readonly offset: number;
  /** `end` requests the hash of all bytes; `drop` cancels it. */
  readonly kind: "grow" | "end" | "drop";
}

/** The hash in lower-case hexadecimal, or the cause of a failure. */
export type HashReply =
  | { readonly id: number; readonly hex: string }
  | { readonly id: number; readonly failure: string };

interface OpenHash extends Disposable {
  readonly file: Deno.FsFile;
  readonly hasher: Hasher;
  offset: number;
}

/** Hashes files on the current worker thread. */
export async function serveHashing(): Promise<void> {
  const make = await loadHashing();
  const buffer = new Uint8Array(HASH_THREAD_READ_BYTES);
  const files = new Map<number, OpenHash>();
  serveThread<HashMessage, HashReply>((message, reply) => {
    const { id, offset, kind } = message;
    try {
      if (kind !== "drop") {
        const open = files.get(id) ?? openHash(message, make);
        files.set(id, open);
        hashUpTo(open, offset, buffer);
        if (kind === "grow") return;
        reply({ id, hex: open.hasher.hex() });
      }
    } catch (error) {
      reply({ id, failure: messageOf(error) });
    }
    files.get(id)?.[Symbol.dispose]();
    files.delete(id);
  });
}

function openHash({ path, algorithm }: HashMessage, make: HasherFactory): OpenHash {
  const file = Deno.openSync(path, { read: true });
  return { file, hasher: make(algorithm), offset: 0, [Symbol.dispose]: () => file.close() };
}

function hashUpTo(open: OpenHash, end: number, buffer: Uint8Array): void {
  while (open.offset < end) {
    const remaining = end - open.offset;
    const n = open.file.readSync(remaining < buffer.length ? buffer.subarray(0, remaining) : buffer);
    if (n === null) throw new Error(`The file ends at byte ${open.offset}, expected ${end} bytes`);
    open.hasher.update(n === buffer.length ? buffer : buffer.subarray(0, n));
    open.offset += n;
  }
}
