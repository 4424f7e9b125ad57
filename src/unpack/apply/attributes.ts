/**
 * Owners, modes, times and xattrs.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { EntryCommon, TarTime } from "../../tar/entry.ts";
import type { Skipped } from "./skipped.ts";
import type { CreatedNode } from "../fs/tree_fs.ts";
import { isHostXattr, isOverlayXattr } from "../fs/xattr_rules.ts";

/** One more would be -1, which tells `chown` to leave the owner as it is. */
const ID_MAX = 0xfffffffe;

/** What can be set on a thing. */
export type Attributes = Pick<EntryCommon, "uid" | "gid" | "mode" | "mtime" | "xattrs">;

/** What a directory has that only other entries speak of: OCI does not say; this is what everybody makes. */
export function implicitAttributes(mtime: TarTime): Attributes {
  return { uid: 0, gid: 0, mode: 0o755, mtime, xattrs: new Map() };
}

/** Sets owner and xattrs, and mode and time where they can be set at once. */
export class AttributeSetter {
  readonly #leftOut: Skipped;

  constructor(leftOut: Skipped) {
    this.#leftOut = leftOut;
  }

  /**
   * Sets all of a thing that is no directory. The order matters: a change of owner takes setuid bits and file
   * capabilities away, and everything but the time itself may change the time.
   *
   * @param path for the report
   */
  setAll(made: CreatedNode, path: string, attributes: Attributes, kind: "symlink" | "other"): void {
    this.setOwner(made, path, attributes);
    if (kind === "other") made.setMode(attributes.mode);
    this.setXattrs(made, path, attributes);
    made.setTime(attributes.mtime);
  }

  /**
   * Sets the owner, or notes that it could not.
   *
   * @throws AppError `invalid_content` for numbers that Linux has not
   */
  setOwner(made: CreatedNode, path: string, { uid, gid }: Attributes): void {
    if (uid > ID_MAX || gid > ID_MAX) {
      throw new AppError(
        "invalid_content",
        `Cannot unpack ${JSON.stringify(path)}: its owner is ${uid}:${gid}, want numbers up to ${ID_MAX}`,
      );
    }
    if (!made.setOwner(uid, gid)) this.#leftOut.note("owner", path);
  }

  /** Sets xattrs, and notes those that could not be set. */
  setXattrs(made: CreatedNode, path: string, { xattrs }: Attributes): void {
    for (const [key, value] of xattrs) {
      if (isHostXattr(key)) continue;
      if (isOverlayXattr(key)) this.#leftOut.note("overlay-xattr", `${path} ${key}`);
      else if (!made.setXattr(key, value)) this.#leftOut.note("xattr", `${path} ${key}`);
    }
  }
}
