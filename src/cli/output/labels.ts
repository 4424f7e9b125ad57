/**
 * Short texts for tables and messages: ages, counts, ids, names.
 *
 * @module
 */

const UNITS: readonly (readonly [seconds: number, word: string])[] = [
  [365 * 86_400, "year"],
  [30 * 86_400, "month"],
  [7 * 86_400, "week"],
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
];

/** Formats the age of a time: `3 hours ago`, `just now`. Both times are milliseconds since the epoch. */
export function agoText(then: number, now: number): string {
  const seconds = Math.max(0, (now - then) / 1000);
  for (const [length, word] of UNITS) {
    const count = Math.floor(seconds / length);
    if (count > 0) return `${count} ${word}${count === 1 ? "" : "s"} ago`;
  }
  return "just now";
}

/** `1 blob`, `2 blobs`. */
export function countText(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}

/** The short id: the first 12 digits of a digest. */
export function shortId(digest: string): string {
  return digest.slice(digest.indexOf(":") + 1).slice(0, 12);
}

/** Splits a name into repository and tag, without the digest. The registry's port is not a tag. */
export function splitName(name: string): readonly [repository: string, tag: string] {
  const at = name.indexOf("@");
  const plain = at < 0 ? name : name.slice(0, at);
  const colon = plain.lastIndexOf(":");
  return colon > plain.lastIndexOf("/") ? [plain.slice(0, colon), plain.slice(colon + 1)] : [plain, ""];
}
