/**
 * Whiteouts: entry names that hide paths of lower layers (OCI image spec 1.1, layer.md, "Whiteouts").
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";

const PREFIX = ".wh.";
const OPAQUE = ".wh..wh..opq";
/** Prefix of bookkeeping files of aufs, which aren't part of the image. */
const META_PREFIX = ".wh..wh.";

/** The meaning of a whiteout name. */
export type Whiteout =
  /** Hides one name. */
  | { readonly kind: "name"; readonly hidden: string }
  /** Hides all names that lower layers have in this directory. */
  | { readonly kind: "opaque" }
  /** A bookkeeping file of aufs. */
  | { readonly kind: "ignored" };

/**
 * Parses the last segment of an entry's path.
 *
 * @returns undefined for a name that isn't a whiteout
 * @throws AppError `invalid_content` for a whiteout of `.`, `..` or the empty name, which would remove its
 * directory or the parent of that
 */
export function whiteoutOf(name: string): Whiteout | undefined {
  if (!name.startsWith(PREFIX)) return undefined;
  if (name === OPAQUE) return { kind: "opaque" };
  if (name.startsWith(META_PREFIX)) return { kind: "ignored" };
  const hidden = name.slice(PREFIX.length);
  if (hidden !== "" && hidden !== "." && hidden !== "..") return { kind: "name", hidden };
  throw new AppError("invalid_content", `Cannot unpack whiteout "${name}": "${hidden}" is not a file name`);
}
