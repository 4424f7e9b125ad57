/**
 * Denials by the runtime's permission checks.
 *
 * @module
 */

/**
 * The flag that would allow what the runtime denied: `--allow-read=/etc/hosts`. Undefined for any other
 * error. Parses the messages of both `deno run` and compiled programs.
 */
export function missingFlag(error: unknown): string | undefined {
  if (!(error instanceof Deno.errors.NotCapable)) return undefined;
  const [, target, flag] =
    /^Requires .+? access(?: to (.+?))?, [^,]*?(--allow-[a-z]+)/s.exec(error.message) ?? [];
  if (flag === undefined) return undefined;
  const name = target?.replace(/^"(.*)"$/s, "$1");
  // The runtime prints "<CWD>" and the like to hide a path. --allow-all takes no value.
  const isWhole = name === undefined || name.includes("<") || flag === "--allow-all";
  return isWhole ? flag : `${flag}=${name}`;
}
