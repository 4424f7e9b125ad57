/**
 * Finds comments that disable lint rules. A lint rule can't do this: the comment would disable that rule too.
 *
 * @module
 */

const IGNORE = /^\s*(?:\/\/|\/\*)\s*deno-lint-ignore(?:-file)?\b(.*)/;

/**
 * Returns the numbers of the lines, from 1, whose comment disables all rules, or a rule of this repository.
 * Exceptions to the latter belong in `restricted_apis.ts`.
 */
export function findBadIgnores(text: string): number[] {
  const bad: number[] = [];
  for (const [i, line] of text.split("\n").entries()) {
    const rest = IGNORE.exec(line)?.[1];
    if (rest === undefined) continue;
    const [rules = ""] = rest.split("--");
    if (rules.trim() === "" || /\bdray\//.test(rules)) bad.push(i + 1);
  }
  return bad;
}
