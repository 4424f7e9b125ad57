/**
 * Paths in full: what is shown to clients must mean the same to them.
 *
 * @module
 */

/** The path from the root of the file system. */
export function fullPath(path: string): string {
  return path.startsWith("/") ? path : `${Deno.cwd()}/${path}`;
}
