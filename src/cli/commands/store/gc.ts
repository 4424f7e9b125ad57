/**
 * `dray gc`
 *
 * @module
 */
import { formatSize } from "../../../base/units.ts";
import { collectionOptionsOf } from "../../context/collection.ts";
import type { Context } from "../../context/context.ts";
import { openLocal } from "../../context/open.ts";
import { sweepJson } from "../../output/json.ts";
import { jsonText } from "../../output/text.ts";
import { countText } from "../../output/labels.ts";
import type { GC } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";

/** Sweeps, and prints what was deleted or would be. */
export async function run({ options }: InputOf<typeof GC>, context: Context): Promise<void> {
  const { io, messages, signal } = context;
  const dryRun = options["dry-run"];
  const collection = collectionOptionsOf("gc", options);
  const service = await openLocal(context, "write");
  const swept = await service.collect({
    dryRun,
    ...collection,
    wait: options.wait * 1000,
    signal,
  });
  if (options.json) return io.stdout.write(jsonText(sweepJson(swept)));
  if (options.quiet) return;
  const lines = [
    ...swept.names.map((name) => `name ${name}\n`),
    ...swept.blobs.map(({ digest, size }) => `blob ${digest} ${formatSize(size)}\n`),
    ...swept.partials.map(({ digest, size }) => `partial ${digest} ${formatSize(size)}\n`),
    ...swept.layers.map((chainId) => `unpacked layer ${chainId}\n`),
    ...swept.remains.map(({ digest, size }) => `incomplete layer ${digest} ${formatSize(size)}\n`),
  ];
  io.stdout.write(lines.join(""));
  const counts = [
    countText(swept.blobs.length, "blob"),
    countText(swept.partials.length, "partial"),
    ...swept.layers.length > 0 ? [countText(swept.layers.length, "unpacked layer")] : [],
    ...swept.remains.length > 0 ? [countText(swept.remains.length, "incomplete layer")] : [],
    ...swept.names.length > 0 ? [countText(swept.names.length, "name")] : [],
  ].join(", ");
  messages.info(`${counts}: ${formatSize(swept.freed)} ${dryRun ? "would be freed" : "freed"}`);
}
