/**
 * The C library. Only this file opens a native library, because Deno has no API for xattrs, device nodes,
 * FIFOs, names that are not UTF-8, and times with nanoseconds.
 *
 * @module
 */
import { concatBytes, KIB } from "../../base/bytes.ts";
import type { TarTime } from "../../tar/entry.ts";
import { decodeName, encodeName } from "../../tar/name.ts";

const ENCODER = new TextEncoder();

/** Constants that are the same on x86-64 and ARM Linux. */
export const C = {
  AT_FDCWD: -100,
  AT_SYMLINK_NOFOLLOW: 0x100,
  AT_REMOVEDIR: 0x200,
  AT_EMPTY_PATH: 0x1000,
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_CLOEXEC: 0o2000000,
  O_PATH: 0o10000000,
  STATX_BASIC_STATS: 0x7ff,
  S_IFMT: 0o170000,
  S_IFIFO: 0o010000,
  S_IFCHR: 0o020000,
  S_IFDIR: 0o040000,
  S_IFBLK: 0o060000,
  S_IFREG: 0o100000,
  S_IFLNK: 0o120000,
} as const;

/** `O_DIRECTORY` and `O_NOFOLLOW` differ between x86-64 and ARM. */
const IS_ARM = Deno.build.arch === "aarch64";
/** `O_DIRECTORY` of this architecture. */
export const O_DIRECTORY = IS_ARM ? 0o40000 : 0o200000;
/** `O_NOFOLLOW` of this architecture. */
export const O_NOFOLLOW = IS_ARM ? 0o100000 : 0o400000;

const ERRNO_NAMES: Readonly<Record<number, string>> = {
  1: "EPERM",
  2: "ENOENT",
  5: "EIO",
  7: "E2BIG",
  9: "EBADF",
  12: "ENOMEM",
  13: "EACCES",
  17: "EEXIST",
  18: "EXDEV",
  20: "ENOTDIR",
  21: "EISDIR",
  22: "EINVAL",
  24: "EMFILE",
  27: "EFBIG",
  28: "ENOSPC",
  30: "EROFS",
  31: "EMLINK",
  34: "ERANGE",
  36: "ENAMETOOLONG",
  39: "ENOTEMPTY",
  40: "ELOOP",
  61: "ENODATA",
  75: "EOVERFLOW",
  84: "EILSEQ",
  95: "ENOTSUP",
  122: "EDQUOT",
};

/** Errors that mean a missing permission or a feature that the file system lacks. */
export const REFUSALS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EINVAL", "EOVERFLOW"]);

// `openat` is variadic in C. x86-64 and ARM Linux pass its arguments like those of an ordinary function.
const SYMBOLS = {
  __errno_location: { parameters: [], result: "pointer" },
  openat: { parameters: ["i32", "buffer", "i32", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  pwrite: { parameters: ["i32", "buffer", "usize", "i64"], result: "isize" },
  ftruncate: { parameters: ["i32", "i64"], result: "i32" },
  mkdirat: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  symlinkat: { parameters: ["buffer", "i32", "buffer"], result: "i32" },
  linkat: { parameters: ["i32", "buffer", "i32", "buffer", "i32"], result: "i32" },
  mknodat: { parameters: ["i32", "buffer", "u32", "u64"], result: "i32" },
  unlinkat: { parameters: ["i32", "buffer", "i32"], result: "i32" },
  readlinkat: { parameters: ["i32", "buffer", "buffer", "usize"], result: "isize" },
  fchown: { parameters: ["i32", "u32", "u32"], result: "i32" },
  fchmod: { parameters: ["i32", "u32"], result: "i32" },
  futimens: { parameters: ["i32", "buffer"], result: "i32" },
  fsetxattr: { parameters: ["i32", "buffer", "buffer", "usize", "i32"], result: "i32" },
  fchownat: { parameters: ["i32", "buffer", "u32", "u32", "i32"], result: "i32" },
  fchmodat: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  utimensat: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  statx: { parameters: ["i32", "buffer", "i32", "u32", "buffer"], result: "i32" },
  getdents64: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  lsetxattr: { parameters: ["buffer", "buffer", "buffer", "usize", "i32"], result: "i32" },
  lgetxattr: { parameters: ["buffer", "buffer", "buffer", "usize"], result: "isize" },
  llistxattr: { parameters: ["buffer", "buffer", "usize"], result: "isize" },
  lremovexattr: { parameters: ["buffer", "buffer"], result: "i32" },
  // Nonblocking, because it may take seconds. It sets `errno` on another thread, so `errno()` can't read it.
  syncfs: { parameters: ["i32"], result: "i32", nonblocking: true },
} as const satisfies Deno.ForeignLibraryInterface;

/** The functions of the C library. Dispose it. */
export interface Libc extends Disposable {
  readonly call: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
  /** The name of errno. Call it immediately after the failed function. */
  errno(): string;
}

type Library = Deno.DynamicLibrary<typeof SYMBOLS>;

/** Shared by all users, because opening takes 4 ms. */
let shared: { readonly library: Library; users: number } | undefined;

/**
 * Opens the C library.
 *
 * @returns undefined without the permission for it (`--allow-ffi`), on another system, or if it lacks a
 * function
 */
export function openLibc(): Libc | undefined {
  const loaded = shared ??= load();
  if (loaded === undefined) return undefined;
  loaded.users++;
  let isOpen = true;
  const { symbols } = loaded.library;
  return {
    call: symbols,
    errno() {
      const address = symbols.__errno_location();
      const number = address === null ? 0 : new Deno.UnsafePointerView(address).getInt32();
      return ERRNO_NAMES[number] ?? `errno ${number}`;
    },
    [Symbol.dispose]() {
      if (isOpen) release(loaded);
      isOpen = false;
    },
  };
}

function load(): { readonly library: Library; users: number } | undefined {
  if (Deno.build.os !== "linux") return undefined;
  // Query first: without the permission, `dlopen` would prompt on a terminal.
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return undefined;
  try {
    return { library: Deno.dlopen("libc.so.6", SYMBOLS), users: 0 };
  } catch {
    return undefined;
  }
}

function release(loaded: { readonly library: Library; users: number }): void {
  if (--loaded.users > 0) return;
  shared = undefined;
  loaded.library.close();
}

/** Encodes a name as a C string: its bytes and a NUL. */
export function cString(name: string): Uint8Array<ArrayBuffer> {
  return concatBytes([encodeName(name), Uint8Array.of(0)]);
}

/** PATH_MAX on Linux. */
const NAME_BYTES = 4 * KIB;

/**
 * A reused buffer for C strings. A layer has many thousands of names; a new buffer for each would be most of
 * the garbage that unpacking produces.
 */
export class NameBuffer {
  readonly #bytes = new Uint8Array(NAME_BYTES);

  /** Encodes a name. The bytes are valid until the next call. */
  of(name: string): Uint8Array<ArrayBuffer> {
    // A UTF-16 unit takes at most 3 bytes, and the NUL 1 byte.
    if (name.length * 3 >= NAME_BYTES || !name.isWellFormed()) return cString(name);
    const { written } = ENCODER.encodeInto(name, this.#bytes);
    this.#bytes[written] = 0;
    return this.#bytes;
  }
}

/** Reads the records of `getdents64`: inode 8 bytes, offset 8, length 2, type 1, then the name. */
export function* readDirents(bytes: Uint8Array<ArrayBuffer>): Generator<string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint16(at + 16, true);
    const name = bytes.subarray(at + 19, at + length);
    yield decodeName(name.subarray(0, name.indexOf(0)));
    at += length;
  }
}

/** The buffer that `statx` fills. */
export class StatxBuffer {
  /** The argument of the call. */
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(256);
  readonly #view = new DataView(this.bytes.buffer);

  /** File type and permission bits. */
  get mode(): number {
    return this.#view.getUint16(28, true);
  }
  get uid(): number {
    return this.#view.getUint32(20, true);
  }
  get gid(): number {
    return this.#view.getUint32(24, true);
  }
  get mtimeSeconds(): number {
    return Number(this.#view.getBigInt64(112, true));
  }
  get mtimeNanoseconds(): number {
    return this.#view.getUint32(120, true);
  }
}

/** Encodes a device number as the 64-bit `dev_t` of glibc and the kernel. */
export function deviceNumber(major: number, minor: number): bigint {
  const [a, i] = [BigInt(major), BigInt(minor)];
  return ((a & 0xfffff000n) << 32n) | ((a & 0xfffn) << 8n) | ((i & 0xffffff00n) << 12n) | (i & 0xffn);
}

/** The argument of `utimensat` and `futimens`: access and modification time, both with the same value. */
export class TimesBuffer {
  /** The argument of the call. */
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(32);
  readonly #view = new DataView(this.bytes.buffer);

  /** Sets both times, and returns the argument of the call. */
  of({ seconds, nanoseconds }: TarTime): Uint8Array<ArrayBuffer> {
    for (const at of [0, 16]) {
      this.#view.setBigInt64(at, BigInt(seconds), true);
      this.#view.setBigInt64(at + 8, BigInt(nanoseconds), true);
    }
    return this.bytes;
  }
}

/** The buffer for one call of `getdents64`, which holds a few hundred names. */
export const DIRENT_BYTES = 32 * KIB;
