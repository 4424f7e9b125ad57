/**
 * `dray mount-options`
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { missingLayersText } from "../../image/unpack/unpack_layers.ts";
import type { Context } from "../context.ts";
import { openLocal } from "../open.ts";
import { jsonText } from "../output/json_text.ts";
import type { MOUNT_OPTIONS } from "../table/trees.ts";
import type { InputOf } from "../table/types.ts";

/** mount(2) copies one page of options, the zero at its end included. */
const PAGE_BYTES = 4096;

/** `dray mount-options --json` prints one. */
export interface MountOptionsJson {
  /** The layers' directories, the highest first, as they are on the disk. */
  readonly lowerdir: readonly string[];
  /** The same for mount's -o. */
  readonly options: string;
}

/** Prints the options, and says where mount will not take them as they are. */
export async function run(
  { args, options }: InputOf<typeof MOUNT_OPTIONS>,
  context: Context,
): Promise<void> {
  const { io, messages, signal } = context;
  const { image } = args;
  const service = await openLocal(context, options.unpack ? "write" : "read");
  if (options.unpack) {
    for (const layer of await service.unpackLayers(image, { signal })) {
      const lack = missingLayersText(layer);
      if (lack !== undefined) messages.warn(lack);
    }
  }
  // mount(8) takes a relative path for one of its own working directory.
  const absolute = (path: string) => path.startsWith("/") ? path : Deno.realPath(path);
  const paths = await Promise.all((await service.layerPaths(image)).map(absolute));
  if (paths.length === 0) {
    throw new AppError("unsupported", `Cannot name the layers of "${image}": it has none`);
  }
  const lowerdir = paths.reverse();
  const text = mountOptionsOf(lowerdir);
  const json: MountOptionsJson = { lowerdir, options: text };
  io.stdout.write(options.json ? jsonText(json) : `${text}\n`);
  for (const note of notesOn(lowerdir, text)) messages.warn(note);
}

/** The value of `-o`. A comma ends an option, a colon a directory; both may stand in a store's path. */
export function mountOptionsOf(lowerdir: readonly string[]): string {
  return `lowerdir=${lowerdir.map((path) => path.replace(/[\\:,]/g, "\\$&")).join(":")}`;
}

/** What a user must know of these options. */
export function notesOn(lowerdir: readonly string[], options: string): readonly string[] {
  const bytes = new TextEncoder().encode(options).length;
  return [
    ...lowerdir.length === 1
      ? ["there is one layer, and overlayfs wants two or an upperdir: bind it, or add upperdir and workdir"]
      : [],
    ...bytes >= PAGE_BYTES
      ? [
        `the options have ${bytes} bytes, and mount(2) takes at most ${PAGE_BYTES - 1}: ` +
        "want a store with a shorter path, or a mount with lowerdir+ (util-linux 2.39, Linux 6.8)",
      ]
      : [],
  ];
}
