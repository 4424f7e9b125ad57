/**
 * `dray tag`
 *
 * @module
 */
import type { Context } from "../../context/context.ts";
import { openLocal } from "../../context/open.ts";
import type { TAG } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";

/** Adds a name to an image, and prints the full name. */
export async function run({ args, options }: InputOf<typeof TAG>, context: Context): Promise<void> {
  const service = await openLocal(context, "write");
  const name = await service.tag(args.image, args.name, { signal: context.signal });
  if (!options.quiet) context.io.stdout.write(`${name}\n`);
}
