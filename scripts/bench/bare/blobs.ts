/**
 * Bringing blobs with nothing but what must be: bytes from the wire to the disk, hashed, with the store's promises.
 *
 * @module
 */
import type { Hash } from "node:crypto";
import { DirectorySyncer } from "../../../src/store/fs/directory_sync.ts";
import { PeriodicSync } from "../../../src/store/blobs/periodic_sync.ts";
import { type Host, Wire } from "./wire.ts";

/** A blob of the manifest. */
export interface Blob {
  readonly digest: string;
  readonly size: number;
}

/** What one thread does of a pull. */
export interface Share {
  readonly host: Host;
  readonly repository: string;
  readonly blobs: readonly Blob[];
  /** The position of the next blob that nobody has begun, for all threads. */
  readonly next: Int32Array;
  /** Connections of this thread. */
  readonly lanes: number;
  /** With `ingest` and `blobs` in it. */
  readonly folder: string;
}

/** Read before anything is written. */
const GATHER_BYTES = 256 * 1024;
/** Larger writes cost more. */
const WRITE_BYTES = 64 * 1024;

/** Brings blobs until none is left. @param wires connections that are open already, or about to be */
export async function bringBlobs(share: Share, wires: readonly Promise<Wire>[]): Promise<void> {
  const { blobs, next, lanes, host, folder } = share;
  // Loaded while the first requests are on their way. Blobs that come in one piece do with what the runtime has loaded.
  const isStreaming = blobs.some(({ size }) => size > GATHER_BYTES);
  const loading = isStreaming ? import("node:crypto") : undefined;
  const endings: Promise<void>[] = [];
  const syncer = new DirectorySyncer();
  await Promise.all(Array.from({ length: lanes }, async (_, lane) => {
    const buffer = new Uint8Array(GATHER_BYTES);
    const wire = await (wires[lane] ?? Wire.open(host));
    for (;;) {
      const blob = blobs[Atomics.add(next, 0, 1)];
      if (blob === undefined) return;
      const ingest = new Ingest(blob, folder);
      const length = await wire.get(`/v2/${share.repository}/blobs/${blob.digest}`);
      if (length !== blob.size) throw new Error(`${blob.digest}: it has ${length} bytes, want ${blob.size}`);
      const hash = (await loading)?.createHash("sha256");
      const hex = await ingest.take(wire, buffer, hash);
      // The next request does not wait for the disk.
      endings.push(ingest.commit(hex, () => syncer.sync(`${folder}/blobs`)));
    }
  }));
  await Promise.all(endings);
}

/** A look whether the blob is there, its file, a lock, whether that is still the file of its name, and another look. */
class Ingest {
  readonly #blob: Blob;
  readonly #from: string;
  readonly #to: string;
  readonly #file: Deno.FsFile;

  constructor(blob: Blob, folder: string) {
    const name = blob.digest.slice("sha256:".length);
    this.#blob = blob;
    this.#from = `${folder}/ingest/${name}`;
    this.#to = `${folder}/blobs/${name}`;
    mustBeMissing(this.#to);
    this.#file = Deno.openSync(this.#from, { read: true, write: true, create: true });
    this.#file.lockSync(true);
    if (this.#file.statSync().ino !== Deno.statSync(this.#from).ino) {
      throw new Error(`${this.#from}: somebody moved it`);
    }
    mustBeMissing(this.#to);
  }

  /** Writes and hashes the body that comes. Without `hash` all of it comes in one piece. */
  async take(wire: Wire, buffer: Uint8Array<ArrayBuffer>, hash: Hash | undefined): Promise<string> {
    const early = new PeriodicSync(this.#from);
    let whole = new ArrayBuffer(0);
    for (let left = this.#blob.size; left > 0;) {
      const have = Math.min(left, buffer.length);
      await wire.fill(buffer.subarray(0, have));
      for (let at = 0; at < have;) {
        const n = this.#file.writeSync(buffer.subarray(at, Math.min(have, at + WRITE_BYTES)));
        hash?.update(buffer.subarray(at, at + n));
        at += n;
      }
      if (hash === undefined) whole = await crypto.subtle.digest("SHA-256", buffer.subarray(0, have));
      left -= have;
      early.addWritten(have);
    }
    await early.end();
    return hash?.digest("hex") ?? new Uint8Array(whole).toHex();
  }

  /** Its bytes on the disk, its name, and the name on the disk. */
  async commit(hex: string, syncNames: () => Promise<void>): Promise<void> {
    await this.#file.syncData();
    if (`sha256:${hex}` !== this.#blob.digest) throw new Error(`${this.#blob.digest}: it hashes to ${hex}`);
    Deno.renameSync(this.#from, this.#to);
    Deno.chmodSync(this.#to, 0o444);
    this.#file.close();
    await syncNames();
  }
}

function mustBeMissing(path: string): void {
  try {
    Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  throw new Error(`${path}: it is here`);
}
