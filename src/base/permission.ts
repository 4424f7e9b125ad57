/**
 * Refusals of the runtime.
 *
 * @module
 */

/**
 * The flag that would have allowed what the runtime refused: `--allow-read=/etc/hosts`. Undefined for any other error.
 * Both of its messages are read: that of `deno run`, and that of a compiled program.
 */
export function missingFlag(error: unknown): string | undefined {
  if (!(error instanceof Deno.errors.NotCapable)) return undefined;
  const [, target, flag] =
    /^Requires .+? access(?: to (.+?))?, [^,]*?(--allow-[a-z]+)/s.exec(error.message) ?? [];
  if (flag === undefined) return undefined;
  const name = target?.replace(/^"(.*)"$/s, "$1");
  // The runtime says "<CWD>" and the like where it hides a path; what only all permissions allow takes no name.
  const isWhole = name === undefined || name.includes("<") || flag === "--allow-all";
  return isWhole ? flag : `${flag}=${name}`;
}
