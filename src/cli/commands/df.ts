/**
 * `dray df`
 *
 * @module
 */
import { formatSize } from "../../base/units.ts";
import type { DiskUsage } from "../../image/model/types.ts";
import type { Context } from "../context.ts";
import { storeRootOf } from "../environment.ts";
import { openLocal } from "../open.ts";
import { jsonText } from "../output/json_text.ts";
import { factLines, textTable } from "../output/text_table.ts";
import { shortId } from "../output/words.ts";
import type { DF } from "../table/store.ts";
import type { InputOf } from "../table/types.ts";

/** `dray df --json` prints one. Sizes are bytes; `free` and `capacity` are null where the runtime may not ask. */
export interface DfJson {
  readonly root: string;
  readonly blobs: number;
  readonly blobBytes: number;
  readonly partials: number;
  readonly partialBytes: number;
  readonly layerBytes: number;
  readonly inodes: number;
  /** Bytes of blobs that no image needs. */
  readonly unused: number;
  readonly free: number | null;
  readonly capacity: number | null;
  readonly images: readonly {
    readonly id: string;
    readonly names: readonly string[];
    readonly size: number;
    readonly unique: number;
  }[];
}

/** Shows what takes space. */
export async function run({ options }: InputOf<typeof DF>, context: Context): Promise<void> {
  const service = await openLocal(context, "read");
  const json = dfJson(storeRootOf(context.globals.store, context.environment), await service.usage());
  context.io.stdout.write(options.json ? jsonText(json) : dfText(json));
}

function dfJson(root: string, { store, images, unused }: DiskUsage): DfJson {
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
    free,
    capacity,
    images: images.map(({ id, names, size, unique }) => ({ id, names, size, unique })),
  };
}

function dfText(usage: DfJson): string {
  const right = { align: "right" as const };
  const table = textTable(
    [{ heading: "NAME" }, { heading: "ID" }, { heading: "SIZE", ...right }, { heading: "ALONE", ...right }],
    usage.images.map(({ id, names, size, unique }) => {
      const more = names.length > 1 ? ` and ${names.length - 1} more` : "";
      return [`${names[0] ?? "<none>"}${more}`, shortId(id), formatSize(size), formatSize(unique)];
    }),
  );
  const { free, capacity, partials } = usage;
  const facts = factLines([
    ["store", usage.root],
    ["blobs", `${formatSize(usage.blobBytes)} in ${usage.blobs}`],
    ["unfinished", partials > 0 ? `${formatSize(usage.partialBytes)} in ${partials}` : undefined],
    ["unpacked", usage.layerBytes > 0 ? formatSize(usage.layerBytes) : undefined],
    ["unused", usage.unused > 0 ? `${formatSize(usage.unused)}: "dray gc" frees it` : undefined],
    ["inodes", String(usage.inodes)],
    [
      "disk",
      free === null || capacity === null ? undefined : `${formatSize(free)} free of ${formatSize(capacity)}`,
    ],
  ]);
  return usage.images.length === 0 ? facts : `${table}\n${facts}`;
}
