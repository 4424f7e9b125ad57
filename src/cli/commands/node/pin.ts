/**
 * `dray pin` and `dray unpin`
 *
 * @module
 */
import type { Context } from "../../context/context.ts";
import { openLocal } from "../../context/open.ts";
import type { InputOf } from "../../table/types.ts";
import type { PIN, UNPIN } from "./spec.ts";

/** Pins images, and prints the names that are now pinned. */
export function run({ args, options }: InputOf<typeof PIN>, context: Context): Promise<void> {
  return setPins(args.images, true, options.quiet, context);
}

/** Unpins images, and prints the names that are no longer pinned. */
export function runUnpin({ args, options }: InputOf<typeof UNPIN>, context: Context): Promise<void> {
  return setPins(args.images, false, options.quiet, context);
}

async function setPins(
  images: readonly string[],
  pinned: boolean,
  quiet: boolean,
  context: Context,
): Promise<void> {
  const service = await openLocal(context, "write");
  for (const image of images) {
    const names = await service.pin(image, pinned, { signal: context.signal });
    if (!quiet) context.io.stdout.write(names.map((name) => `${name}\n`).join(""));
  }
}
