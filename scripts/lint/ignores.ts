/**
 * Comments that turn lint rules off. A rule can't check them: the comment would turn that rule off as well.
 *
 * @module
 */

const IGNORE = /^\s*(?:\/\/|\/\*)\s*deno-lint-ignore(?:-file)?\b(.*)/;

/**
 * The lines, from 1, that turn off more than they may: every rule at once, or one of this repository's own, whose
 * exceptions stand in `doors.ts`.
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
