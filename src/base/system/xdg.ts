/**
 * Directories of the user (XDG Base Directory specification 0.8).
 *
 * @module
 */

/**
 * The directory that a variable names, or its default below the home directory; undefined if there is
 * neither.
 *
 * @param value the variable; a path that isn't absolute is ignored, as section "Basics" requires
 * @param home the home directory
 * @param fallback the default, relative to `home`
 */
export function xdgDirectory(
  value: string | undefined,
  home: string | undefined,
  fallback: string,
): string | undefined {
  return absolutePath(value) ?? (home ? joinPath(home, fallback) : undefined);
}

/** The path if it is absolute. */
export function absolutePath(path: string | undefined): string | undefined {
  return path?.startsWith("/") ? path : undefined;
}

/** A name below a directory, whether or not the directory ends with a slash. */
export function joinPath(directory: string, name: string): string {
  return directory.endsWith("/") ? directory + name : `${directory}/${name}`;
}
