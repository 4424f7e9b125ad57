/**
 * `dray help`
 *
 * @module
 */
import type { Context } from "../context.ts";
import { commandHelp, programHelp } from "../help.ts";
import { suggest } from "../suggest.ts";
import { COMMAND_NAMES, findCommand } from "../table.ts";
import type { HELP } from "../table/program.ts";
import type { InputOf } from "../table/types.ts";
import { usageError } from "../words.ts";

/** Prints the help of the program or of a command. */
export function run({ args }: InputOf<typeof HELP>, { io }: Context): void {
  const { columns } = io.size();
  if (args.command === undefined) return io.stdout.write(programHelp(columns));
  const command = findCommand(args.command);
  if (command !== undefined) return io.stdout.write(commandHelp(command, columns));
  const near = suggest(args.command, COMMAND_NAMES);
  const hint = near === undefined ? "" : `, the nearest is "${near}"`;
  throw usageError(undefined, `there is no command "${args.command}"${hint}`);
}
