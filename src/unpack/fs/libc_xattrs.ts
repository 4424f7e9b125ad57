/**
 * Extended attributes by libc.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import { decodeName } from "../../tar/name.ts";
import { cString, type Libc } from "./libc.ts";
import { isHostXattr, isOverlayXattr } from "./xattr_rules.ts";

/** The kernel's own limits: XATTR_LIST_MAX and XATTR_SIZE_MAX. */
const XATTR_BYTES = 64 * KIB;

/** Reads and writes them, of a name in an open directory, without following a link. */
export class LibcXattrs {
  readonly #libc: Libc;
  /** Used again: most things have none, and that takes the same room to find out. */
  readonly #room = new Uint8Array(XATTR_BYTES);

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** @returns the errno if the system refuses */
  set(parent: number, name: string, key: string, value: Uint8Array): string | undefined {
    const bytes = value as Uint8Array<ArrayBuffer>;
    const path = pathOf(parent, name);
    const result = this.#libc.call.lsetxattr(path, cString(key), bytes, BigInt(value.length), 0);
    return result === 0 ? undefined : this.#libc.errno();
  }

  /** Removes all but those that are not the archive's to say. */
  clear(parent: number, name: string): void {
    const path = pathOf(parent, name);
    for (const key of this.#names(path)) {
      if (!isHostXattr(key) && !isOverlayXattr(key)) this.#libc.call.lremovexattr(path, cString(key));
    }
  }

  /** All that may be read. */
  read(parent: number, name: string): ReadonlyMap<string, Uint8Array> {
    const path = pathOf(parent, name);
    const xattrs = new Map<string, Uint8Array>();
    for (const key of this.#names(path)) {
      const length = Number(this.#libc.call.lgetxattr(path, cString(key), this.#room, BigInt(XATTR_BYTES)));
      if (length >= 0) xattrs.set(key, this.#room.slice(0, length));
    }
    return xattrs;
  }

  #names(path: Uint8Array<ArrayBuffer>): string[] {
    const length = Number(this.#libc.call.llistxattr(path, this.#room, BigInt(XATTR_BYTES)));
    return length <= 0 ? [] : decodeName(this.#room.subarray(0, length - 1)).split("\0");
  }
}

/** The xattr calls know no descriptors of O_PATH; this path goes through one, and thus nowhere else. */
function pathOf(parent: number, name: string): Uint8Array<ArrayBuffer> {
  return cString(`/proc/self/fd/${parent}/${name}`);
}
