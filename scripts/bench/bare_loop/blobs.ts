/**
 * Downloads blobs with only the necessary steps: from the socket to the disk, hashed, with the store's guarantees.
 *
 * @module
 */
import type { Hash } from "node:crypto";
import { DirectorySyncer } from "../../../src/store/fs/directory_sync.ts";
import { PeriodicSync } from "../../../src/store/blobs/periodic_sync.ts";
import { type Host, HttpConnection } from "./http_connection.ts";

/** A blob of the manifest. */
export interface Blob {
  readonly digest: string;
  readonly size: number;
}

/** The download of one image, as each thread gets it. */
export interface Job {
  readonly host: Host;
  readonly repository: string;
  readonly blobs: readonly Blob[];
  /** The position of the next blob to download, shared by all threads. */
  readonly next: Int32Array;
  /** Connections per thread. */
  readonly connections: number;
  /** Contains the directories `ingest` and `blobs`. */
  readonly directory: string;
}

/** Bytes to read before they are written. A blob of at most this size is hashed in one call. */
const READ_BYTES = 256 * 1024;
/** Larger writes are slower. */
const WRITE_BYTES = 64 * 1024;

/**
 * Downloads blobs until none is left.
 *
 * @param open connections that are open or being opened; the others are opened when needed
 */
export async function fetchBlobs(job: Job, open: readonly Promise<HttpConnection>[]): Promise<void> {
  const { blobs, next, connections, host, directory } = job;
  // Loads in parallel with the first requests. Small blobs need only `crypto.subtle`, which is already loaded.
  const isStreaming = blobs.some(({ size }) => size > READ_BYTES);
  const loading = isStreaming ? import("node:crypto") : undefined;
  const commits: Promise<void>[] = [];
  const syncer = new DirectorySyncer();
  await Promise.all(Array.from({ length: connections }, async (_, i) => {
    const buffer = new Uint8Array(READ_BYTES);
    const connection = await (open[i] ?? HttpConnection.open(host));
    for (;;) {
      const blob = blobs[Atomics.add(next, 0, 1)];
      if (blob === undefined) return;
      const ingest = new Ingest(blob, directory);
      const length = await connection.get(`/v2/${job.repository}/blobs/${blob.digest}`);
      if (length !== blob.size) {
        throw new Error(`${blob.digest}: the response has ${length} bytes, want ${blob.size}`);
      }
      const hash = (await loading)?.createHash("sha256");
      const hex = await ingest.receive(connection, buffer, hash);
      // Don't await: the next request must not wait for the disk.
      commits.push(ingest.commit(hex, () => syncer.sync(`${directory}/blobs`)));
    }
  }));
  await Promise.all(commits);
}

/** The file of an unfinished blob, locked. Makes the same existence checks as the store. */
class Ingest {
  readonly #blob: Blob;
  readonly #from: string;
  readonly #to: string;
  readonly #file: Deno.FsFile;

  constructor(blob: Blob, directory: string) {
    const name = blob.digest.slice("sha256:".length);
    this.#blob = blob;
    this.#from = `${directory}/ingest/${name}`;
    this.#to = `${directory}/blobs/${name}`;
    checkMissing(this.#to);
    this.#file = Deno.openSync(this.#from, { read: true, write: true, create: true });
    this.#file.lockSync(true);
    if (this.#file.statSync().ino !== Deno.statSync(this.#from).ino) {
      throw new Error(`${this.#from}: another process moved the file`);
    }
    checkMissing(this.#to);
  }

  /** Writes and hashes the body. Without `hash` the body must fit into the buffer. Returns the hash in hex. */
  async receive(
    connection: HttpConnection,
    buffer: Uint8Array<ArrayBuffer>,
    hash: Hash | undefined,
  ): Promise<string> {
    const periodicSync = new PeriodicSync(this.#from);
    let whole = new ArrayBuffer(0);
    for (let left = this.#blob.size; left > 0;) {
      const length = Math.min(left, buffer.length);
      await connection.fill(buffer.subarray(0, length));
      for (let offset = 0; offset < length;) {
        const n = this.#file.writeSync(buffer.subarray(offset, Math.min(length, offset + WRITE_BYTES)));
        hash?.update(buffer.subarray(offset, offset + n));
        offset += n;
      }
      if (hash === undefined) whole = await crypto.subtle.digest("SHA-256", buffer.subarray(0, length));
      left -= length;
      periodicSync.addWritten(length);
    }
    await periodicSync.end();
    return hash?.digest("hex") ?? new Uint8Array(whole).toHex();
  }

  /** Syncs the file, checks the digest, renames the file and syncs the directory. */
  async commit(hex: string, syncDirectory: () => Promise<void>): Promise<void> {
    await this.#file.syncData();
    if (`sha256:${hex}` !== this.#blob.digest) {
      throw new Error(`${this.#blob.digest}: the content hashes to sha256:${hex}`);
    }
    Deno.renameSync(this.#from, this.#to);
    Deno.chmodSync(this.#to, 0o444);
    this.#file.close();
    await syncDirectory();
  }
}

/** Without this check, a second run into the same directory would skip a part of the work. */
function checkMissing(path: string): void {
  try {
    Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  throw new Error(`${path}: already exists`);
}
