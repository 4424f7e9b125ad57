/**
 * Who a container of an image runs as, as CRI says it.
 *
 * @module
 */

/** At most one of the two is set. */
export interface ImageUser {
  readonly uid?: bigint;
  readonly username?: string;
}

/** CRI's `Int64Value`. */
const INT64_MAX = 2n ** 63n - 1n;

/**
 * Reads the `User` of an image config: what stands before a colon is the user; a whole number is a uid, anything else
 * a name. Empty means that the image doesn't say.
 */
export function parseImageUser(user: string | undefined): ImageUser {
  const name = (user ?? "").split(":", 1)[0] ?? "";
  if (name === "") return {};
  if (!/^[+-]?[0-9]+$/.test(name)) return { username: name };
  const uid = BigInt(name.startsWith("+") ? name.slice(1) : name);
  return uid <= INT64_MAX && uid >= -INT64_MAX - 1n ? { uid } : { username: name };
}
