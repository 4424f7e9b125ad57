/**
 * Owners, modes, times and xattrs.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import type { EntryCommon, TarTime } from "../tar/entry.ts";
import type { LeftOut } from "./left_out.ts";
import type { TreeFs } from "./tree_fs.ts";
import { isHostXattr, isOverlayXattr } from "./xattr_rules.ts";

/** One more would be -1, which tells `chown` to leave the owner as it is. */
const ID_MAX = 0xfffffffe;

/** What can be set on a thing. */
export type Attributes = Pick<EntryCommon, "uid" | "gid" | "mode" | "mtime" | "xattrs">;

/** What a directory has that only other entries speak of: OCI does not say; this is what everybody makes. */
export function impliedAttributes(mtime: TarTime): Attributes {
  return { uid: 0, gid: 0, mode: 0o755, mtime, xattrs: new Map() };
}

/** Sets owner and xattrs, and mode and time where they can be set at once. */
export class AttributeSetter<Dir> {
  readonly #fs: TreeFs<Dir>;
  readonly #leftOut: LeftOut;

  constructor(fs: TreeFs<Dir>, leftOut: LeftOut) {
    this.#fs = fs;
    this.#leftOut = leftOut;
  }

  /**
   * Sets all of a thing that is no directory. The order matters: a change of owner takes setuid bits and file
   * capabilities away, and everything but the time itself may change the time.
   *
   * @param path for the report
   */
  setAll(parent: Dir, name: string, path: string, attributes: Attributes, kind: "symlink" | "other"): void {
    this.setOwner(parent, name, path, attributes);
    if (kind === "other") this.#fs.setMode(parent, name, attributes.mode);
    this.setXattrs(parent, name, path, attributes);
    this.#fs.setTime(parent, name, attributes.mtime);
  }

  /**
   * Sets the owner, or notes that it could not.
   *
   * @throws AppError `invalid_content` for numbers that Linux has not
   */
  setOwner(parent: Dir, name: string, path: string, { uid, gid }: Attributes): void {
    if (uid > ID_MAX || gid > ID_MAX) {
      throw new AppError(
        "invalid_content",
        `Cannot unpack ${JSON.stringify(path)}: its owner is ${uid}:${gid}, want numbers up to ${ID_MAX}`,
      );
    }
    if (!this.#fs.setOwner(parent, name, uid, gid)) this.#leftOut.note("owner", path);
  }

  /** Sets xattrs, and notes those that could not be set. */
  setXattrs(parent: Dir, name: string, path: string, { xattrs }: Attributes): void {
    for (const [key, value] of xattrs) {
      if (isHostXattr(key)) continue;
      if (isOverlayXattr(key)) this.#leftOut.note("overlay-xattr", `${path} ${key}`);
      else if (!this.#fs.setXattr(parent, name, key, value)) this.#leftOut.note("xattr", `${path} ${key}`);
    }
  }
}
