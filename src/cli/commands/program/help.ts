/**
 * `dray help`
 *
 * @module
 */
import type { Context } from "../../context/context.ts";
import { helpFor } from "../../help/help.ts";
import type { InputOf } from "../../table/types.ts";
import type { HELP } from "./spec.ts";

/** Prints the help of the program, a command, a group or a topic. */
export async function run({ args }: InputOf<typeof HELP>, { io, table }: Context): Promise<void> {
  io.stdout.write(await helpFor(args.topic, table, io.size().columns));
}
