/**
 * `dray import`
 *
 * @module
 */
import type { ByteReader } from "../../../base/bytes.ts";
import { AppError, messageOf } from "../../../base/errors.ts";
import { formatSize } from "../../../base/units.ts";
import type { ImageSummary } from "../../../image/model/types.ts";
import type { Context } from "../../context/context.ts";
import { openLocal } from "../../context/open.ts";
import { imageJson } from "../../output/json.ts";
import { jsonText } from "../../output/text.ts";
import { countText } from "../../output/labels.ts";
import { type ReadProgress, showReading } from "../../progress/reading.ts";
import type { IMPORT } from "./spec.ts";
import type { InputOf } from "../../table/types.ts";
import { usageError } from "../../table/usage.ts";

/** Imports, and prints the full names; with `--json`, a list like that of `dray images --json`. */
export async function run({ args, options }: InputOf<typeof IMPORT>, context: Context): Promise<void> {
  const { io, messages, signal } = context;
  const { source } = args;
  if (source === "-" && io.stdin.isTerminal) {
    throw usageError("import", "standard input is a terminal; use a pipe, a file or a directory");
  }
  const importOptions = { ...(options.name !== undefined && { name: options.name }), signal };
  const size = source === "-" ? undefined : await sizeOf(source);
  const service = await openLocal(context, "write");
  let names: readonly string[];
  let bytes: number | undefined;
  if (size === "directory") names = await service.importDirectory(source, importOptions);
  else {
    using file = source === "-" ? undefined : await Deno.open(source);
    using progress = showReading(size, options.quiet, context);
    names = await service.importArchive(counting(file ?? io.stdin, progress), importOptions);
    bytes = progress.bytes();
  }
  if (options.json) {
    const images = new Map<string, ImageSummary>();
    for (const name of names) {
      const image = await service.find(name);
      images.set(image.manifest.digest, image);
    }
    io.stdout.write(jsonText([...images.values()].map(imageJson)));
  } else io.stdout.write(names.map((name) => `${name}\n`).join(""));
  if (options.quiet) return;
  const read = bytes === undefined ? "" : `, ${formatSize(bytes)} read`;
  messages.info(`Imported ${countText(names.length, "name")}${read}`);
}

/** The size of a file in bytes; undefined for a FIFO or device. */
async function sizeOf(path: string): Promise<number | "directory" | undefined> {
  try {
    const { isDirectory, isFile, size } = await Deno.stat(path);
    return isDirectory ? "directory" : isFile ? size : undefined;
  } catch (cause) {
    if (cause instanceof Deno.errors.NotCapable) throw cause;
    throw new AppError("invalid_argument", `Cannot import "${path}": ${messageOf(cause)}`, { cause });
  }
}

function counting(reader: ByteReader, progress: ReadProgress): ByteReader {
  return {
    async read(buffer) {
      const n = await reader.read(buffer);
      if (n !== null) progress.add(n);
      return n;
    },
  };
}
