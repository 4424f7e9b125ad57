/**
 * Limiting the length of text from outside: an image or a server must not fill a terminal or a log.
 *
 * @module
 */

/** The part that is kept of the end, which often has the cause. */
const END_SHARE = 0.25;

/**
 * The text itself, or its beginning and end with `…` in between.
 *
 * @param max the largest length of the result, in UTF-16 units
 */
export function excerpt(text: string, max: number): string {
  if (text.length <= max) return text;
  const end = Math.floor((max - 1) * END_SHARE);
  return `${text.slice(0, max - 1 - end)}…${text.slice(text.length - end)}`;
}
