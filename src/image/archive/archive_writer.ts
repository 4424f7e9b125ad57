/**
 * Writing tar archives of regular files and directories.
 *
 * @module
 */
import { type ByteReader, type ByteSink, KIB } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import type { EntryCommon } from "../../tar/entry.ts";
import { TarWriter } from "../../tar/writer.ts";

const BUFFER_BYTES = 256 * KIB;

/** No time and no owner, so that the same image always gives the same archive. */
const COMMON: Omit<EntryCommon, "name" | "mode"> = {
  uid: 0,
  gid: 0,
  userName: "",
  groupName: "",
  mtime: { seconds: 0, nanoseconds: 0 },
  xattrs: new Map(),
};

/** Writes files and directories to a tar archive, in bounded memory. */
export class ArchiveWriter {
  readonly #sink: ByteSink;
  readonly #tar: TarWriter;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #pending: Uint8Array[] = [];

  /** @param sink receives the archive; it isn't closed */
  constructor(sink: ByteSink) {
    this.#sink = sink;
    this.#tar = new TarWriter((bytes) => this.#pending.push(bytes));
  }

  /** Adds a directory. */
  async addDirectory(name: string): Promise<void> {
    this.#tar.begin({ ...COMMON, kind: "directory", name: `${name}/`, mode: 0o755 });
    this.#tar.end();
    await this.#flush();
  }

  /**
   * Adds a file of exactly `size` bytes.
   *
   * @param onBytes called with each piece, which is valid during the call
   * @throws AppError `size_mismatch` if the reader has more or fewer bytes; the archive is unusable then
   */
  async addFile(
    name: string,
    size: number,
    reader: ByteReader,
    signal: AbortSignal,
    onBytes: (bytes: Uint8Array) => void = () => {},
  ): Promise<void> {
    this.#tar.begin({ ...COMMON, kind: "file", name, mode: 0o644, size });
    await this.#flush();
    let offset = 0;
    for (;;) {
      signal.throwIfAborted();
      const n = await reader.read(this.#buffer);
      if (n === null) break;
      if (offset + n > size) throw wrongSize(name, size, `more than ${size}`);
      const bytes = this.#buffer.subarray(0, n);
      onBytes(bytes);
      this.#tar.data(bytes, offset);
      offset += n;
      await this.#flush();
    }
    if (offset !== size) throw wrongSize(name, size, String(offset));
    this.#tar.end();
    await this.#flush();
  }

  /** Adds a file whose content is in memory. */
  async addBytes(name: string, bytes: Uint8Array): Promise<void> {
    this.#tar.begin({ ...COMMON, kind: "file", name, mode: 0o644, size: bytes.length });
    this.#tar.data(bytes, 0);
    this.#tar.end();
    await this.#flush();
  }

  /** Writes the end of the archive. */
  async finish(): Promise<void> {
    this.#tar.finish();
    await this.#flush();
  }

  async #flush(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    for (const bytes of pending) await this.#sink.write(bytes);
  }
}

function wrongSize(name: string, want: number, got: string): AppError {
  return new AppError(
    "size_mismatch",
    `Cannot write "${name}" to the archive: it has ${got} bytes instead of ${want}`,
  );
}
