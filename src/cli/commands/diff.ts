/**
 * `dray diff`
 *
 * @module
 */
import type { ImageDiff, PathChange } from "../../image/unpack/diff.ts";
import type { Context } from "../context.ts";
import { openLocal } from "../open.ts";
import { jsonText } from "../output/json_text.ts";
import { textTable } from "../output/text_table.ts";
import { countText } from "../output/words.ts";
import type { DIFF } from "../table/trees.ts";
import type { InputOf } from "../table/types.ts";

/** `dray diff --json` prints one. Layers are diffIds: what is in them, however it is compressed. */
export interface DiffJson {
  readonly sharedLayers: readonly string[];
  readonly onlyFirst: readonly string[];
  readonly onlySecond: readonly string[];
  /** Sorted by path. */
  readonly changes: readonly {
    readonly path: string;
    readonly kind: "added" | "removed" | "changed";
    /** Of a changed path: type, content, target, mode, owner, time, xattrs, device. */
    readonly what: readonly string[];
  }[];
}

/** Compares two images. */
export async function run({ args, options }: InputOf<typeof DIFF>, context: Context): Promise<void> {
  const { io, messages, signal } = context;
  const service = await openLocal(context, "read");
  const diff = await service.diff(args.first, args.second, { signal });
  if (options.json) return io.stdout.write(jsonText(diffJson(diff)));
  io.stdout.write(diffText(diff));
  messages.info(summary(diff));
}

function diffJson({ sharedLayers, onlyFirst, onlySecond, changes }: ImageDiff): DiffJson {
  return {
    sharedLayers,
    onlyFirst,
    onlySecond,
    changes: changes.map(({ path, kind, what }) => ({ path, kind, what })),
  };
}

/** Two tables: layers, and paths if any differ. */
export function diffText({ sharedLayers, onlyFirst, onlySecond, changes }: ImageDiff): string {
  const layers = textTable([{ heading: "IN" }, { heading: "LAYER" }], [
    ...sharedLayers.map((diffId) => ["both", diffId]),
    ...onlyFirst.map((diffId) => ["first", diffId]),
    ...onlySecond.map((diffId) => ["second", diffId]),
  ]);
  if (changes.length === 0) return layers;
  const paths = textTable(
    [{ heading: "CHANGE" }, { heading: "WHAT" }, { heading: "PATH" }],
    changes.map(({ kind, what, path }) => [kind, what.join(","), `/${path}`]),
  );
  return `${layers}\n${paths}`;
}

function summary({ sharedLayers, changes }: ImageDiff): string {
  const count = (kind: PathChange["kind"]) => changes.filter((change) => change.kind === kind).length;
  const paths = changes.length === 0
    ? "no path differs"
    : `${count("added")} added, ${count("changed")} changed, ${count("removed")} removed`;
  return `${countText(sharedLayers.length, "layer")} shared; ${paths}`;
}
