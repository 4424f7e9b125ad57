/**
 * JSON as the commands print it.
 *
 * @module
 */

/** JSON for the output, with a line end. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
