/**
 * `dray unpack`
 *
 * @module
 */
import { excerpt } from "../../../base/excerpt.ts";
import { formatSize } from "../../../base/units.ts";
import type { UnpackImageResult } from "../../../image/unpack/unpack.ts";
import { formatSkipped, type SkippedItem } from "../../../unpack/apply/skipped.ts";
import type { Context } from "../../context/context.ts";
import { openLocal } from "../../context/open.ts";
import type { UnpackJson } from "../../output/json_shapes.ts";
import { jsonText } from "../../output/text.ts";
import { countText } from "../../output/labels.ts";
import type { UNPACK } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";

/** Longer paths are shortened in warnings. */
const PATH_MAX_LENGTH = 200;

/** Unpacks an image, and reports what was skipped. */
export async function run({ args, options }: InputOf<typeof UNPACK>, context: Context): Promise<void> {
  const { io, messages, clock, signal } = context;
  const { image, directory } = args;
  const service = await openLocal(context, "read");
  const begin = clock.now();
  const result = await service.unpack(image, directory, {
    bundle: options.bundle,
    strict: options.strict,
    ...rootlessUser(),
    onLayer({ entries, unpackedBytes }, position, total) {
      if (options.quiet) return;
      const size = `${countText(entries, "entry", "entries")}, ${formatSize(unpackedBytes)}`;
      messages.info(`Layer ${position} of ${total}: ${size}`);
    },
    signal,
  });
  io.stdout.write(options.json ? jsonText(unpackJson(directory, result)) : `${directory}\n`);
  if (!options.quiet) messages.info(summary(image, result, clock.now() - begin));
  for (const item of result.skipped) messages.warn(skippedText(item));
}

/** For a bundle: a rootless runtime maps root in the container to the user who starts it. */
function rootlessUser(): { readonly rootless?: { readonly uid: number; readonly gid: number } } {
  for (const kind of ["uid", "gid"] as const) {
    if (Deno.permissions.querySync({ name: "sys", kind }).state !== "granted") return {};
  }
  const [uid, gid] = [Deno.uid(), Deno.gid()];
  return uid === null || gid === null || uid === 0 ? {} : { rootless: { uid, gid } };
}

function unpackJson(directory: string, { layers, skipped }: UnpackImageResult): UnpackJson {
  return {
    directory,
    layers: layers.map(({ entries, packedBytes, unpackedBytes }) => ({
      entries,
      packedBytes,
      unpackedBytes,
    })),
    leftOut: skipped.map(({ kind, count, examples }) => ({ kind, count, examples })),
  };
}

function summary(image: string, { layers }: UnpackImageResult, ms: number): string {
  const sum = (of: (layer: UnpackImageResult["layers"][number]) => number) =>
    layers.reduce((total, layer) => total + of(layer), 0);
  const size = formatSize(sum(({ unpackedBytes }) => unpackedBytes));
  const entries = countText(sum((layer) => layer.entries), "entry", "entries");
  return `Unpacked ${image}: ${countText(layers.length, "layer")}, ${entries}, ${size} in ${
    (Math.max(ms, 1) / 1000).toFixed(1)
  } s`;
}

const FFI_HINT = ", and with --allow-ffi under deno run";

/** Why entries or attributes of a kind are skipped. */
const SKIP_REASONS: Readonly<Record<SkippedItem["kind"], string>> = {
  owner: "only root can change ownership",
  xattr: `run as root${FFI_HINT}, on a file system that supports them`,
  "overlay-xattr": "only overlayfs may set them",
  device: `run as root${FFI_HINT}`,
  fifo: "add --allow-ffi",
  name: "add --allow-ffi",
};

/** Formats a warning: `12 owners could not be set (only root can change ownership): /bin and 11 more`. */
export function skippedText({ kind, count, examples }: SkippedItem): string {
  const more = count > examples.length ? ` and ${count - examples.length} more` : "";
  const paths = examples.map((example) => excerpt(`/${example}`, PATH_MAX_LENGTH)).join(", ");
  return `${formatSkipped({ kind, count })} (${SKIP_REASONS[kind]}): ${paths}${more}`;
}
