/**
 * `dray pin`
 *
 * @module
 */
import type { Context } from "../context.ts";
import { openLocal } from "../open.ts";
import type { PIN } from "../table/pins.ts";
import type { InputOf } from "../table/types.ts";

/** Pins images, and prints the names that are pinned now. */
export function run({ args, options }: InputOf<typeof PIN>, context: Context): Promise<void> {
  return setPins(args.images, true, options.quiet, context);
}

/** Pins or unpins, and prints the names. */
export async function setPins(
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
