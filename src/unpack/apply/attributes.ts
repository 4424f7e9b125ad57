/**
 * Owners, modes, times and extended attributes of unpacked entries.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { EntryCommon, TarTime } from "../../tar/entry.ts";
import type { Skipped } from "./skipped.ts";
import type { CreatedNode } from "../fs/tree_fs.ts";
import { isHostXattr, isOverlayXattr } from "../fs/xattr_rules.ts";

/** The next number is -1 for `chown`, which means "leave the owner unchanged". */
const ID_MAX = 0xfffffffe;

/** The attributes that are set on a node. */
export type Attributes = Pick<EntryCommon, "uid" | "gid" | "mode" | "mtime" | "xattrs">;

/** Attributes of a directory without an entry. OCI leaves them open; other tools also use root and 0755. */
export function implicitAttributes(mtime: TarTime): Attributes {
  return { uid: 0, gid: 0, mode: 0o755, mtime, xattrs: new Map() };
}

/** Sets attributes, and records those that could not be set. */
export class AttributeSetter {
  readonly #skipped: Skipped;

  constructor(skipped: Skipped) {
    this.#skipped = skipped;
  }

  /**
   * Sets all attributes of a node that is not a directory. The order matters: changing the owner clears
   * setuid bits and file capabilities, and every other change may update the time.
   *
   * @param path names the node in the report
   */
  setAll(node: CreatedNode, path: string, attributes: Attributes, kind: "symlink" | "other"): void {
    this.setOwner(node, path, attributes);
    if (kind === "other") node.setMode(attributes.mode);
    this.setXattrs(node, path, attributes);
    node.setTime(attributes.mtime);
  }

  /**
   * Sets the owner, or records that it could not be set.
   *
   * @throws AppError `invalid_content` for ids that Linux doesn't support
   */
  setOwner(node: CreatedNode, path: string, { uid, gid }: Attributes): void {
    if (uid > ID_MAX || gid > ID_MAX) {
      throw new AppError(
        "invalid_content",
        `Cannot unpack ${JSON.stringify(path)}: its owner is ${uid}:${gid}, but the largest id is ${ID_MAX}`,
      );
    }
    if (!node.setOwner(uid, gid)) this.#skipped.record("owner", path);
  }

  /** Sets extended attributes, and records those that could not be set. */
  setXattrs(node: CreatedNode, path: string, { xattrs }: Attributes): void {
    for (const [key, value] of xattrs) {
      if (isHostXattr(key)) continue;
      if (isOverlayXattr(key)) this.#skipped.record("overlay-xattr", `${path} ${key}`);
      else if (!node.setXattr(key, value)) this.#skipped.record("xattr", `${path} ${key}`);
    }
  }
}
