/**
 * `dray mount-options`
 *
 * @module
 */
import { AppError } from "../../../base/errors.ts";
import { missingLayersText } from "../../../image/unpack/unpack_layers.ts";
import type { Context } from "../../context/context.ts";
import { openLocal } from "../../context/open.ts";
import type { MountOptionsJson } from "../../output/json_shapes.ts";
import { jsonText } from "../../output/text.ts";
import type { MOUNT_OPTIONS } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";

/** mount(2) copies one page of options, including the terminating zero. */
const PAGE_BYTES = 4096;

/** Prints the options, and warns if mount can't use them as they are. */
export async function run(
  { args, options }: InputOf<typeof MOUNT_OPTIONS>,
  context: Context,
): Promise<void> {
  const { io, messages, signal } = context;
  const { image } = args;
  const service = await openLocal(context, options.unpack ? "write" : "read");
  if (options.unpack) {
    for (const layer of await service.unpackLayers(image, { signal })) {
      const warning = missingLayersText(layer);
      if (warning !== undefined) messages.warn(warning);
    }
  }
  // mount(8) resolves a relative path in another working directory.
  const absolute = (path: string) => path.startsWith("/") ? path : Deno.realPath(path);
  const paths = await Promise.all((await service.layerPaths(image)).map(absolute));
  if (paths.length === 0) {
    throw new AppError("unsupported", `Cannot print mount options of "${image}": it has no layers`);
  }
  const lowerdir = paths.reverse();
  const text = mountOptionsOf(lowerdir);
  const json: MountOptionsJson = { lowerdir, options: text };
  io.stdout.write(options.json ? jsonText(json) : `${text}\n`);
  for (const warning of mountWarnings(lowerdir, text)) messages.warn(warning);
}

/**
 * The value of `-o`. Escapes commas, which end an option, and colons, which end a directory: a store's path
 * may contain both.
 */
export function mountOptionsOf(lowerdir: readonly string[]): string {
  return `lowerdir=${lowerdir.map((path) => path.replace(/[\\:,]/g, "\\$&")).join(":")}`;
}

/** Problems that mount has with these options. */
export function mountWarnings(lowerdir: readonly string[], options: string): readonly string[] {
  const bytes = new TextEncoder().encode(options).length;
  return [
    ...lowerdir.length === 1
      ? [
        "the image has one layer, but overlayfs needs two or an upperdir; use a bind mount, or add " +
        "upperdir and workdir",
      ]
      : [],
    ...bytes >= PAGE_BYTES
      ? [
        `the options have ${bytes} bytes, but mount(2) accepts at most ${PAGE_BYTES - 1}; ` +
        "use a store with a shorter path, or a mount with lowerdir+ (util-linux 2.39, Linux 6.8)",
      ]
      : [],
  ];
}
