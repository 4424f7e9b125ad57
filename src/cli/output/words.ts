/**
 * Small words of the tables.
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

/** How long ago: `3 hours ago`, `just now`. */
export function agoText(then: number, now: number): string {
  const seconds = Math.max(0, (now - then) / 1000);
  for (const [length, word] of UNITS) {
    const count = Math.floor(seconds / length);
    if (count > 0) return `${count} ${word}${count === 1 ? "" : "s"} ago`;
  }
  return "just now";
}

/** `1 blob`, `2 blobs`. */
export function countText(count: number, word: string, words = `${word}s`): string {
  return `${count} ${count === 1 ? word : words}`;
}

/** The first 12 digits of a digest: what people compare and type. */
export function shortId(digest: string): string {
  return digest.slice(digest.indexOf(":") + 1).slice(0, 12);
}

/** A name without its tag and digest, and the tag. The registry's port is no tag. */
export function splitName(name: string): readonly [repository: string, tag: string] {
  const at = name.indexOf("@");
  const plain = at < 0 ? name : name.slice(0, at);
  const colon = plain.lastIndexOf(":");
  return colon > plain.lastIndexOf("/") ? [plain.slice(0, colon), plain.slice(colon + 1)] : [plain, ""];
}
