/**
 * `dray unpin`
 *
 * @module
 */
import type { Context } from "../context.ts";
import type { UNPIN } from "../table/pins.ts";
import type { InputOf } from "../table/types.ts";
import { setPins } from "./pin.ts";

/** Takes pins away, and prints the names that are free now. */
export function run({ args, options }: InputOf<typeof UNPIN>, context: Context): Promise<void> {
  return setPins(args.images, false, options.quiet, context);
}
