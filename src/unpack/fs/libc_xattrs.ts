/**
 * Extended attributes on libc.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import { decodeName } from "../../tar/name.ts";
import { cString, type Libc } from "./libc.ts";
import { isHostXattr, isOverlayXattr } from "./xattr_rules.ts";

/** XATTR_LIST_MAX and XATTR_SIZE_MAX of Linux. */
const XATTR_BYTES = 64 * KIB;

/** Reads and writes attributes of a name in an open directory, without following a symlink. */
export class LibcXattrs {
  readonly #libc: Libc;
  /** Reused: even for a node without attributes, the calls need a buffer of this size. */
  readonly #buffer = new Uint8Array(XATTR_BYTES);

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** Sets an attribute. Returns the errno of a failure. */
  set(parent: number, name: string, key: string, value: Uint8Array): string | undefined {
    const bytes = value as Uint8Array<ArrayBuffer>;
    const path = pathOf(parent, name);
    const result = this.#libc.call.lsetxattr(path, cString(key), bytes, BigInt(value.length), 0);
    return result === 0 ? undefined : this.#libc.errno();
  }

  /** Removes all attributes that archives can set. */
  clear(parent: number, name: string): void {
    const path = pathOf(parent, name);
    for (const key of this.#names(path)) {
      if (!isHostXattr(key) && !isOverlayXattr(key)) this.#libc.call.lremovexattr(path, cString(key));
    }
  }

  /** The attributes that this process can read. */
  read(parent: number, name: string): ReadonlyMap<string, Uint8Array> {
    const path = pathOf(parent, name);
    const xattrs = new Map<string, Uint8Array>();
    for (const key of this.#names(path)) {
      const length = Number(this.#libc.call.lgetxattr(path, cString(key), this.#buffer, BigInt(XATTR_BYTES)));
      if (length >= 0) xattrs.set(key, this.#buffer.slice(0, length));
    }
    return xattrs;
  }

  #names(path: Uint8Array<ArrayBuffer>): string[] {
    const length = Number(this.#libc.call.llistxattr(path, this.#buffer, BigInt(XATTR_BYTES)));
    return length <= 0 ? [] : decodeName(this.#buffer.subarray(0, length - 1)).split("\0");
  }
}

/** The xattr calls don't accept O_PATH descriptors. This path names the same open directory. */
function pathOf(parent: number, name: string): Uint8Array<ArrayBuffer> {
  return cString(`/proc/self/fd/${parent}/${name}`);
}
