/**
 * A new file on libc. All calls use its descriptor, so that its name is not resolved again.
 *
 * @module
 */
import type { TarTime } from "../../tar/entry.ts";
import { fsError } from "./fs_error.ts";
import { C, cString, type Libc, REFUSALS, type StatxBuffer, type TimesBuffer } from "./libc.ts";
import type { NewFile } from "./tree_fs.ts";

/** With AT_EMPTY_PATH, an empty name means the descriptor itself. */
const NO_NAME = cString("");

/** The parts of a {@linkcode LibcFile}. */
export interface LibcFileParts {
  readonly fd: number;
  /** Names the file in errors. */
  readonly name: string;
  /** Used only during a call, so that all files share them. */
  readonly stat: StatxBuffer;
  readonly times: TimesBuffer;
}

/** An open new file. */
export class LibcFile implements NewFile {
  readonly #libc: Libc;
  readonly #parts: LibcFileParts;
  /** The mode that the file was created with, if known. */
  #mode: number | undefined;

  constructor(libc: Libc, parts: LibcFileParts) {
    this.#libc = libc;
    this.#parts = parts;
  }

  write(bytes: Uint8Array, offset: number): void {
    for (let at = 0; at < bytes.length;) {
      const remaining = at === 0 ? bytes : bytes.subarray(at);
      const { call } = this.#libc;
      const written = Number(
        call.pwrite(
          this.#parts.fd,
          remaining as Uint8Array<ArrayBuffer>,
          BigInt(remaining.length),
          BigInt(offset + at),
        ),
      );
      if (written <= 0) this.#fail("write to");
      at += written;
    }
  }

  setSize(size: number): void {
    if (this.#libc.call.ftruncate(this.#parts.fd, BigInt(size)) < 0) this.#fail("write to");
  }

  setOwner(uid: number, gid: number): boolean {
    const { fd, stat } = this.#parts;
    const { call } = this.#libc;
    // One statx is cheaper than the chown and chmod that it makes unnecessary for most files. The created
    // mode and owner can't be predicted: umask, set-gid directories, default ACLs and mount options all
    // affect them.
    if (call.statx(fd, NO_NAME, C.AT_EMPTY_PATH, C.STATX_BASIC_STATS, stat.bytes) === 0) {
      this.#mode = stat.mode % 0o10000;
      if (stat.uid === uid && stat.gid === gid) return true;
    }
    if (call.fchown(fd, uid, gid) === 0) return true;
    if (!REFUSALS.has(this.#libc.errno())) this.#fail("set owner of");
    return false;
  }

  setMode(mode: number): void {
    if (mode === this.#mode) return;
    if (this.#libc.call.fchmod(this.#parts.fd, mode) < 0) this.#fail("set mode of");
  }

  setXattr(key: string, value: Uint8Array): boolean {
    const bytes = value as Uint8Array<ArrayBuffer>;
    if (this.#libc.call.fsetxattr(this.#parts.fd, cString(key), bytes, BigInt(value.length), 0) === 0) {
      return true;
    }
    const errno = this.#libc.errno();
    if (REFUSALS.has(errno)) return false;
    throw fsError(`set xattr "${key}" of`, this.#parts.name, errno);
  }

  setTime(time: TarTime): void {
    const { fd, times } = this.#parts;
    if (this.#libc.call.futimens(fd, times.of(time)) < 0) this.#fail("set time of");
  }

  close(): void {
    // Quotas and network file systems may report a write error only on close.
    if (this.#libc.call.close(this.#parts.fd) < 0) this.#fail("write to");
  }

  #fail(operation: string): never {
    throw fsError(operation, this.#parts.name, this.#libc.errno());
  }
}
