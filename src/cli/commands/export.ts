/**
 * `dray export`
 *
 * @module
 */
import { abortable } from "../../base/abort.ts";
import type { ByteSink } from "../../base/bytes.ts";
import { formatSize } from "../../base/units.ts";
import type { ImageService } from "../../image/service.ts";
import type { Context } from "../context.ts";
import { openLocal } from "../open.ts";
import { openOutput } from "../output/archive_file.ts";
import { countText } from "../output/words.ts";
import type { EXPORT } from "../table/trees.ts";
import type { InputOf } from "../table/types.ts";
import { usageError } from "../words.ts";

type ExportInput = InputOf<typeof EXPORT>;

/** Exports images. Standard output gets the archive, if it is asked for, and nothing else. */
export async function run({ args, options }: ExportInput, context: Context): Promise<void> {
  const { io, messages, signal } = context;
  const { format, output } = options;
  if (output === undefined) throw usageError("export", "--output is missing, want --output FILE or -");
  if (format === "rootfs" && args.images.length > 1) {
    throw usageError("export", `a root file system is of one image, and there are ${args.images.length}`);
  }
  if (output === "-" && format === "oci-dir") {
    throw usageError("export", "standard output is no folder, want --output DIR");
  }
  if (output === "-" && io.stdout.isTerminal) {
    throw usageError("export", "standard output is a terminal, want a pipe, or --output FILE");
  }
  const service = await openLocal(context, "read");
  const what = countText(args.images.length, "image");
  if (format === "oci-dir") {
    await service.exportLayout(args.images, output, { signal });
    if (!options.quiet) messages.info(`Exported ${what} to ${output}`);
    return;
  }
  const bytes = await writeArchive(service, { format, output, images: args.images }, context);
  if (!options.quiet) messages.info(`Exported ${what}, ${formatSize(bytes)}, to ${output}`);
}

interface Wanted {
  readonly format: Exclude<ExportInput["options"]["format"], "oci-dir">;
  readonly output: string;
  readonly images: readonly string[];
}

async function writeArchive(
  service: ImageService,
  { format, output, images }: Wanted,
  { io, signal }: Context,
): Promise<number> {
  await using file = await openOutput(output, io);
  let bytes = 0;
  const sink: ByteSink = {
    async write(chunk) {
      bytes += chunk.length;
      // Who reads the pipe may take no byte for ever.
      await abortable(file.write(chunk), signal);
    },
  };
  if (format === "rootfs") await service.exportRootfs(images[0] ?? "", sink, { signal });
  else await service.exportArchive(images, format, sink, { signal });
  await file.commit();
  return bytes;
}
