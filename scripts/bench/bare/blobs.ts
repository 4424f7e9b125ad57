/**
 * Bringing blobs with nothing but what must be: bytes from the wire to the disk, hashed, with the store's promises.
 *
 * @module
 */
import type { Hash } from "node:crypto";
import { type Server, Wire } from "./wire.ts";

/** A blob of the manifest. */
export interface Blob {
  readonly digest: string;
  readonly size: number;
}

/** What one thread does of a pull. */
export interface Share {
  readonly server: Server;
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
/** Given to the disk early. */
const EARLY_BYTES = 32 * 1024 * 1024;

/** Brings blobs until none is left. */
export async function bringBlobs(share: Share): Promise<void> {
  const { blobs, next, lanes } = share;
  // Blobs that come in one piece can be hashed by what the runtime has loaded anyway.
  const isStreaming = blobs.some(({ size }) => size > GATHER_BYTES);
  const createHash = isStreaming ? (await import("node:crypto")).createHash : undefined;
  const endings: Promise<void>[] = [];
  const names = new NameSync(`${share.folder}/blobs`);
  await Promise.all(Array.from({ length: lanes }, async () => {
    let wire: Wire | undefined;
    const buffer = new Uint8Array(GATHER_BYTES);
    for (;;) {
      const blob = blobs[Atomics.add(next, 0, 1)];
      if (blob === undefined) return;
      wire ??= await Wire.open(share.server);
      const file = openLocked(share.folder, blob);
      const hash = await copy(wire, blob, file, buffer, createHash?.("sha256"), share);
      endings.push(commit(file, blob, hash, names, share.folder));
    }
  }));
  await Promise.all(endings);
}

const nameOf = ({ digest }: Blob) => digest.slice("sha256:".length);

/** A look whether the blob is there, its file, a lock, whether that is still the file of its name, and another look. */
function openLocked(folder: string, blob: Blob): Deno.FsFile {
  const path = `${folder}/ingest/${nameOf(blob)}`;
  mustBeMissing(`${folder}/blobs/${nameOf(blob)}`);
  const file = Deno.openSync(path, { read: true, write: true, create: true });
  if (!file.tryLockSync(true)) throw new Error(`${path}: somebody else writes it`);
  if (file.statSync().ino !== Deno.statSync(path).ino) throw new Error(`${path}: somebody moved it`);
  mustBeMissing(`${folder}/blobs/${nameOf(blob)}`);
  return file;
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

async function copy(
  wire: Wire,
  { digest, size }: Blob,
  file: Deno.FsFile,
  buffer: Uint8Array<ArrayBuffer>,
  hash: Hash | undefined,
  { repository }: Share,
): Promise<string> {
  const length = await wire.get(`/v2/${repository}/blobs/${digest}`);
  if (length !== size) throw new Error(`${digest}: it has ${length} bytes, want ${size}`);
  let early: Promise<void> | undefined;
  let unwritten = 0;
  let whole: ArrayBuffer | undefined;
  for (let left = size; left > 0;) {
    const most = Math.min(left, buffer.length);
    let have = 0;
    while (have < most) have += await wire.read(buffer.subarray(have, most));
    for (let at = 0; at < have;) {
      const n = file.writeSync(buffer.subarray(at, Math.min(have, at + WRITE_BYTES)));
      hash?.update(buffer.subarray(at, at + n));
      at += n;
    }
    if (hash === undefined) whole = await crypto.subtle.digest("SHA-256", buffer.subarray(0, have));
    left -= have;
    unwritten += have;
    if (unwritten < EARLY_BYTES || early !== undefined) continue;
    unwritten = 0;
    early = file.syncData().then(() => early = undefined);
  }
  await early;
  return hash?.digest("hex") ?? new Uint8Array(whole ?? new ArrayBuffer(0)).toHex();
}

/** Its bytes on the disk, its name, and the name on the disk. */
async function commit(
  file: Deno.FsFile,
  blob: Blob,
  hash: string,
  names: NameSync,
  folder: string,
): Promise<void> {
  const path = `${folder}/blobs/${nameOf(blob)}`;
  await file.syncData();
  if (hash !== nameOf(blob)) throw new Error(`${blob.digest}: it hashes to ${hash}`);
  Deno.renameSync(`${folder}/ingest/${nameOf(blob)}`, path);
  Deno.chmodSync(path, 0o444);
  file.close();
  await names.sync();
}

/** Syncs a folder for all who wait at the same time. */
class NameSync {
  readonly #folder: string;
  #running: Promise<void> | undefined;
  #following: Promise<void> | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  sync(): Promise<void> {
    if (this.#running === undefined) return this.#running = this.#begin();
    return this.#following ??= this.#running.then(() => {
      this.#following = undefined;
      return this.#running = this.#begin();
    });
  }

  async #begin(): Promise<void> {
    using folder = Deno.openSync(this.#folder);
    await folder.sync();
    this.#running = undefined;
  }
}
