/**
 * `dray tag`
 *
 * @module
 */
import type { Context } from "../context.ts";
import { openLocal } from "../open.ts";
import type { TAG } from "../table/images.ts";
import type { InputOf } from "../table/types.ts";

/** Gives an image a further name, and prints that in full. */
export async function run({ args, options }: InputOf<typeof TAG>, context: Context): Promise<void> {
  const service = await openLocal(context, "write");
  const name = await service.tag(args.image, args.name, { signal: context.signal });
  if (!options.quiet) context.io.stdout.write(`${name}\n`);
}
