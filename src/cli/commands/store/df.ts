/**
 * `dray df`
 *
 * @module
 */
import { formatSize } from "../../../base/units.ts";
import type { DiskUsage } from "../../../image/model/types.ts";
import type { Context } from "../../context/context.ts";
import { storeRootOf } from "../../context/environment.ts";
import { openLocal } from "../../context/open.ts";
import type { DfJson } from "../../output/json_shapes.ts";
import { jsonText } from "../../output/text.ts";
import { pairLines, textTable } from "../../output/text_table.ts";
import { shortId } from "../../output/labels.ts";
import type { DF } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";

/** Shows disk usage per image and in total. */
export async function run({ options }: InputOf<typeof DF>, context: Context): Promise<void> {
  const service = await openLocal(context, "read");
  const json = dfJson(storeRootOf(context.globals.store, context.environment), await service.usage());
  context.io.stdout.write(options.json ? jsonText(json) : dfText(json));
}

function dfJson(root: string, { store, images, unused, unusedLayers }: DiskUsage): DfJson {
  const { blobs, blobBytes, partials, partialBytes, layerBytes, inodes, free = null, capacity = null } =
    store;
  return {
    root,
    blobs,
    blobBytes,
    partials,
    partialBytes,
    layerBytes,
    inodes,
    unused,
    unusedLayers,
    free,
    capacity,
    images: images.map(({ id, names, size, unique, layerBytes, uniqueLayerBytes }) => ({
      id,
      names,
      size,
      unique,
      layerBytes,
      uniqueLayerBytes,
    })),
  };
}

function dfText(usage: DfJson): string {
  const right = { align: "right" as const };
  const table = textTable(
    [{ heading: "NAME" }, { heading: "ID" }, { heading: "SIZE", ...right }, {
      heading: "RECLAIMABLE",
      ...right,
    }],
    usage.images.map(({ id, names, size, unique, layerBytes, uniqueLayerBytes }) => {
      const more = names.length > 1 ? ` and ${names.length - 1} more` : "";
      return [
        `${names[0] ?? "<none>"}${more}`,
        shortId(id),
        formatSize(size + layerBytes),
        formatSize(unique + uniqueLayerBytes),
      ];
    }),
  );
  const { free, capacity, partials } = usage;
  const unused = usage.unused + usage.unusedLayers;
  const totals = pairLines([
    ["store", usage.root],
    ["blobs", `${formatSize(usage.blobBytes)} in ${usage.blobs}`],
    ["partial", partials > 0 ? `${formatSize(usage.partialBytes)} in ${partials}` : undefined],
    ["unpacked", usage.layerBytes > 0 ? formatSize(usage.layerBytes) : undefined],
    ["unreferenced", unused > 0 ? `${formatSize(unused)}; free it with "dray gc"` : undefined],
    ["inodes", String(usage.inodes)],
    [
      "disk",
      free === null || capacity === null ? undefined : `${formatSize(free)} free of ${formatSize(capacity)}`,
    ],
  ]);
  return usage.images.length === 0 ? totals : `${table}\n${totals}`;
}
