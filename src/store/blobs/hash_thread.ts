/**
 * A thread that hashes files while they grow.
 *
 * @module
 */
import { messageOf } from "../../base/errors.ts";
import { type HashAlgorithm, type Hasher, type HasherFactory, loadHashing } from "../../base/hash.ts";
import { serveThread } from "../../base/worker.ts";
import { HASH_THREAD_READ_BYTES } from "../../base/tuning.ts";

/** What the thread is told of a file. The first order of an id opens the file, `end` and `drop` close it. */
export interface HashJob {
  readonly id: number;
  readonly path: string;
  readonly algorithm: HashAlgorithm;
  /** So many bytes of the file are there. */
  readonly offset: number;
  /** `end`: that is all, and the hash is wanted; `drop`: nobody wants it any more. */
  readonly what: "grow" | "end" | "drop";
}

/** The hash in lower-case hexadecimal, or why there is none. */
export type HashMessage =
  | { readonly id: number; readonly hex: string }
  | { readonly id: number; readonly failure: string };

interface Followed extends Disposable {
  readonly file: Deno.FsFile;
  readonly hasher: Hasher;
  offset: number;
}

/** Makes the thread that we are on follow files. */
export async function serveHashing(): Promise<void> {
  const make = await loadHashing();
  const buffer = new Uint8Array(HASH_THREAD_READ_BYTES);
  const files = new Map<number, Followed>();
  serveThread<HashJob, HashMessage>((order, answer) => {
    const { id, offset, what } = order;
    try {
      if (what !== "drop") {
        const followed = files.get(id) ?? open(order, make);
        files.set(id, followed);
        hashUpTo(followed, offset, buffer);
        if (what === "grow") return;
        answer({ id, hex: followed.hasher.hex() });
      }
    } catch (error) {
      answer({ id, failure: messageOf(error) });
    }
    files.get(id)?.[Symbol.dispose]();
    files.delete(id);
  });
}

function open({ path, algorithm }: HashJob, make: HasherFactory): Followed {
  const file = Deno.openSync(path, { read: true });
  return { file, hasher: make(algorithm), offset: 0, [Symbol.dispose]: () => file.close() };
}

function hashUpTo(followed: Followed, end: number, buffer: Uint8Array): void {
  while (followed.offset < end) {
    const left = end - followed.offset;
    const n = followed.file.readSync(left < buffer.length ? buffer.subarray(0, left) : buffer);
    if (n === null) throw new Error(`it ends at byte ${followed.offset}, want ${end}`);
    followed.hasher.update(n === buffer.length ? buffer : buffer.subarray(0, n));
    followed.offset += n;
  }
}
