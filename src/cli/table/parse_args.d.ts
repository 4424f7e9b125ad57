/** Types for the part of `@std/cli/parse-args` that the program uses: the npm build has none. */

/** Options of the parser. */
export interface ParseOptions {
  /** Options without a value. */
  readonly boolean?: readonly string[];
  /** Options whose value stays text, even if it looks like a number; `_` keeps arguments as text. */
  readonly string?: readonly string[];
  /** Options that may be repeated: their values become a list. */
  readonly collect?: readonly string[];
}

/** Options by name, and the other arguments under `_`. */
export type ParsedArgs = { readonly _: readonly string[] } & Readonly<Record<string, unknown>>;

export function parseArgs(args: readonly string[], options: ParseOptions): ParsedArgs;
