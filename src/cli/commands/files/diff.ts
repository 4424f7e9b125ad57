/**
 * `dray diff`
 *
 * @module
 */
import type { ImageDiff, PathChange } from "../../../image/unpack/diff.ts";
import type { Context } from "../../context/context.ts";
import { openLocal } from "../../context/open.ts";
import type { DiffJson } from "../../output/json_shapes.ts";
import { jsonText } from "../../output/text.ts";
import { textTable } from "../../output/text_table.ts";
import { countText } from "../../output/labels.ts";
import type { DIFF } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";

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

/** Formats the table of layers, and the table of paths if any differ. */
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
    ? "no paths differ"
    : `${count("added")} added, ${count("changed")} changed, ${count("removed")} removed`;
  return `${countText(sharedLayers.length, "layer")} shared; ${paths}`;
}
