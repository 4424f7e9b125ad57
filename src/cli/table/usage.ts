/**
 * Errors about a wrong command line, and the usage lines that they and the help print.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { Command, Positional, Positionals } from "./types.ts";

/**
 * An error about a wrong command line.
 *
 * @param name the command, undefined if the line has none; the detail `usage` names its help
 */
export function usageError(name: string | undefined, problem: string): AppError {
  const line = name === undefined ? "dray" : `dray ${name}`;
  return new AppError("invalid_argument", `Cannot run "${line}": ${problem}`, {
    details: { usage: `${line} --help` },
  });
}

/** The usage line of a command: `dray pull [OPTIONS] REF…`. */
export function usageOf(name: string, { positionals }: Pick<Command, "positionals">): string {
  return `dray ${name} [OPTIONS] ${positionalsText(positionals)}`.trimEnd();
}

/** Positional arguments as the help writes them: `IMAGE NAME`, `REF…`, `[FILTER]`. */
export function positionalsText(positionals: Positionals): string {
  return Object.values(positionals).map(positionalText).join(" ");
}

function positionalText({ value, count }: Positional): string {
  const list = count === "list" || count === "some" ? `${value}…` : value;
  return count === "optional" || count === "list" ? `[${list}]` : list;
}
