/**
 * `dray rm`
 *
 * @module
 */
import { formatSize } from "../../base/units.ts";
import type { Context } from "../context.ts";
import { openLocal } from "../open.ts";
import { sweepJson } from "../output/json.ts";
import { jsonText } from "../output/json_text.ts";
import { countText } from "../output/words.ts";
import type { RM } from "../table/images.ts";
import type { InputOf } from "../table/types.ts";

/** Removes names and images, and prints exactly what went. */
export async function run({ args, options }: InputOf<typeof RM>, context: Context): Promise<void> {
  const { io, messages, signal } = context;
  const service = await openLocal(context, "write");
  const removed = await service.remove(args.images, { allTags: options["all-tags"], signal });
  const { untagged, deleted, swept } = removed;
  if (options.json) {
    io.stdout.write(jsonText({ untagged, deleted, swept: swept === undefined ? null : sweepJson(swept) }));
    return;
  }
  if (options.quiet) return;
  const lines = [
    ...untagged.map((name) => `untagged: ${name}\n`),
    ...deleted.map((id) => `deleted: ${id}\n`),
  ];
  io.stdout.write(lines.join(""));
  if (swept === undefined) messages.info('A pull is running: "dray gc" frees the space later');
  else if (swept.freed > 0) {
    messages.info(`${formatSize(swept.freed)} freed, ${countText(swept.blobs.length, "blob")}`);
  }
}
