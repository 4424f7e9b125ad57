/**
 * The user of an image's containers, as CRI represents it.
 *
 * @module
 */

/** A uid, a name, or neither. */
export interface ImageUser {
  readonly uid?: bigint;
  readonly username?: string;
}

/** The maximum of CRI's `Int64Value`. */
const INT64_MAX = 2n ** 63n - 1n;

/**
 * Parses the `User` of an image config. The part before a colon is the user: an integer is a uid, anything else is a
 * name. An empty user means that the image doesn't define it.
 */
export function parseImageUser(user: string | undefined): ImageUser {
  const name = (user ?? "").split(":", 1)[0] ?? "";
  if (name === "") return {};
  if (!/^[+-]?[0-9]+$/.test(name)) return { username: name };
  const uid = BigInt(name.startsWith("+") ? name.slice(1) : name);
  return uid <= INT64_MAX && uid >= -INT64_MAX - 1n ? { uid } : { username: name };
}
