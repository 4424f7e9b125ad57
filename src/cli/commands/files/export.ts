/**
 * `dray export`
 *
 * @module
 */
import { abortable } from "../../../base/concurrency/abort.ts";
import type { ByteSink } from "../../../base/bytes.ts";
import { formatSize } from "../../../base/units.ts";
import type { ImageService } from "../../../image/service.ts";
import type { Context } from "../../context/context.ts";
import { openLocal } from "../../context/open.ts";
import { openOutput } from "../../output/archive_file.ts";
import { countText } from "../../output/labels.ts";
import type { EXPORT } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";
import { usageError } from "../../table/usage.ts";

type ExportInput = InputOf<typeof EXPORT>;

/** Exports images. Standard output gets only the archive, with `--output -`. */
export async function run({ args, options }: ExportInput, context: Context): Promise<void> {
  const { io, messages, signal } = context;
  const { format, output } = options;
  if (output === undefined) {
    throw usageError(
      "export",
      "missing option --output; use --output FILE, or --output - for standard output",
    );
  }
  if (format === "rootfs" && args.images.length > 1) {
    throw usageError("export", `the format rootfs takes one image, not ${args.images.length}`);
  }
  if (output === "-" && format === "oci-dir") {
    throw usageError("export", "the format oci-dir needs a directory; use --output DIR");
  }
  if (output === "-" && io.stdout.isTerminal) {
    throw usageError("export", "standard output is a terminal; use a pipe or --output FILE");
  }
  const service = await openLocal(context, "read");
  const counted = countText(args.images.length, "image");
  if (format === "oci-dir") {
    const onWait = () => messages.warn(`waiting for another process that uses "${output}"`);
    await service.exportLayout(args.images, output, { signal, onWait });
    if (!options.quiet) messages.info(`Exported ${counted} to ${output}`);
    return;
  }
  const bytes = await writeArchive(service, { format, output, images: args.images }, context);
  if (!options.quiet) messages.info(`Exported ${counted}, ${formatSize(bytes)}, to ${output}`);
}

interface ArchiveOptions {
  readonly format: Exclude<ExportInput["options"]["format"], "oci-dir">;
  readonly output: string;
  readonly images: readonly string[];
}

async function writeArchive(
  service: ImageService,
  { format, output, images }: ArchiveOptions,
  { io, signal }: Context,
): Promise<number> {
  await using file = await openOutput(output, io);
  let bytes = 0;
  const sink: ByteSink = {
    async write(chunk) {
      bytes += chunk.length;
      // The reader of the pipe may never read.
      await abortable(file.write(chunk), signal);
    },
  };
  if (format === "rootfs") await service.exportRootfs(images[0] ?? "", sink, { signal });
  else await service.exportArchive(images, format, sink, { signal });
  await file.commit();
  return bytes;
}
