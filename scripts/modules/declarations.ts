/**
 * Exported identifiers that are declared in more than one file.
 *
 * @module
 */
import { isGenerated, isProduct } from "../lint/file_kinds.ts";

/** The declaration of an exported identifier. */
export interface Declaration {
  readonly name: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** `deno fmt` gives every exported declaration this form. Re-exports have braces instead of a name. */
const EXPORT =
  /^export (?:\w+ )*?(?:function\*?|class|interface|type|const|let|var|enum|namespace) ([\w$]+)/gm;

/**
 * Returns the declarations of exported identifiers in a file. Generated files are skipped: their source, such
 * as the CRI's `runtime.proto`, determines their names.
 */
export function declarationsIn(file: string, text: string): Declaration[] {
  if (isGenerated(text)) return [];
  return [...text.matchAll(EXPORT)].map((match) => ({
    name: match[1] ?? "",
    file,
    line: text.slice(0, match.index).split("\n").length,
  }));
}

/**
 * Describes the identifiers that several files of the program declare, with all their places. Several
 * declarations in one file, such as the overloads of a function, count as one.
 */
export function findDuplicates(declarations: readonly Declaration[]): string[] {
  const isChecked = ({ name, file }: Declaration) => isProduct(file) && !isCommandEntry(name, file);
  const byName = Map.groupBy(declarations.filter(isChecked), ({ name }) => name);
  return [...byName].flatMap(([name, places]) => {
    if (new Set(places.map(({ file }) => file)).size < 2) return [];
    const list = places.map(({ file, line }) => `${file}:${line}`).join("\n    ");
    return [`"${name}" is declared in several files; rename it in all but one:\n    ${list}`];
  });
}

/** The command line loads a command's file and calls its `run()`, so these files all export that name. */
function isCommandEntry(name: string, file: string): boolean {
  return name === "run" && file.startsWith("src/cli/commands/");
}
