/**
 * Whiteouts: names that say what of the layers below is gone (OCI image spec 1.1, layer.md, "Whiteouts").
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";

const PREFIX = ".wh.";
const OPAQUE = ".wh..wh..opq";
/** Names by which aufs kept its own notes; they are about nothing in the image. */
const META_PREFIX = ".wh..wh.";

/** What a name says. */
export type Whiteout =
  /** The name without prefix is gone. */
  | { readonly kind: "name"; readonly hidden: string }
  /** All that layers below have in this directory is gone. */
  | { readonly kind: "opaque" }
  /** Nothing. */
  | { readonly kind: "ignored" };

/**
 * Reads the last step of an entry's path.
 *
 * @returns undefined for a name that is no whiteout
 * @throws AppError `invalid_content` for one that hides `.`, `..` or nothing: it would remove its own directory, or
 * the one above
 */
export function whiteoutOf(name: string): Whiteout | undefined {
  if (!name.startsWith(PREFIX)) return undefined;
  if (name === OPAQUE) return { kind: "opaque" };
  if (name.startsWith(META_PREFIX)) return { kind: "ignored" };
  const hidden = name.slice(PREFIX.length);
  if (hidden !== "" && hidden !== "." && hidden !== "..") return { kind: "name", hidden };
  throw new AppError(
    "invalid_content",
    `Cannot unpack whiteout "${name}": it hides "${hidden}", want a name`,
  );
}
