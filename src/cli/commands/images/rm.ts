/**
 * `dray rm`
 *
 * @module
 */
import { formatSize } from "../../../base/units.ts";
import type { Context } from "../../context/context.ts";
import { openLocal } from "../../context/open.ts";
import { sweepJson } from "../../output/json.ts";
import type { RemoveJson } from "../../output/json_shapes.ts";
import { jsonText } from "../../output/text.ts";
import { countText } from "../../output/labels.ts";
import type { RM } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";

/** Removes names and images, and prints exactly what was removed. */
export async function run({ args, options }: InputOf<typeof RM>, context: Context): Promise<void> {
  const { io, messages, signal } = context;
  const service = await openLocal(context, "write");
  const removed = await service.remove(args.images, { allTags: options["all-tags"], signal });
  const { untagged, deleted, swept } = removed;
  if (options.json) {
    const json: RemoveJson = { untagged, deleted, swept: swept === undefined ? null : sweepJson(swept) };
    return io.stdout.write(jsonText(json));
  }
  if (options.quiet) return;
  const lines = [
    ...untagged.map((name) => `untagged: ${name}\n`),
    ...deleted.map((id) => `deleted: ${id}\n`),
  ];
  io.stdout.write(lines.join(""));
  if (swept === undefined) {
    messages.info('Another process is reading the store, so no space was freed; run "dray gc" later');
  } else if (swept.freed > 0) {
    const layers = swept.layers.length > 0 ? `, ${countText(swept.layers.length, "unpacked layer")}` : "";
    messages.info(`${formatSize(swept.freed)} freed, ${countText(swept.blobs.length, "blob")}${layers}`);
  }
}
