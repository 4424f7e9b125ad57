/**
 * Converts the layers of an image to one archive of its root file system, with every owner, attribute and
 * device node, and without the privileges to create them on a disk.
 *
 * The layers are read twice: first for the tree, then for the file contents. Only the tree is kept in memory,
 * and every hard link comes after its file. The same layers give the same bytes.
 *
 * @module
 */
import { type ByteReader, type ByteSink, KIB } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";
import type { Entry, EntryCommon } from "../tar/entry.ts";
import { TarWriter } from "../tar/writer.ts";
import { LayerApplier } from "./apply/applier.ts";
import { FlatStyle } from "./apply/flat_style.ts";
import { type LayerLimits, readLayer } from "./apply/layer.ts";
import {
  type ContentListener,
  type MemoryDirectory,
  type MemoryFile,
  MemoryFs,
  type MemoryNode,
} from "./fs/memory_fs.ts";
import { OutputBlocks } from "./decode/output_blocks.ts";
import { Tree } from "./apply/tree.ts";
import type { OpenLayer } from "./unpack.ts";

/** Output is buffered until the next read, and one read may expand a thousandfold. */
const READ_BYTES = 32 * KIB;

/**
 * Applies layers to a tree in memory.
 *
 * @param listener receives the file contents
 * @param beforeRead awaited before each read of a layer, and once at the end
 * @throws AppError as `unpackRootfs`, except errors of the disk
 */
export async function layersToMemory(
  layers: readonly OpenLayer[],
  limits: LayerLimits,
  signal: AbortSignal,
  listener?: ContentListener,
  beforeRead: () => Promise<void> = () => Promise.resolve(),
): Promise<MemoryDirectory> {
  const fs = new MemoryFs(listener);
  using tree = new Tree(fs, "");
  for (const open of layers) {
    using source = await open(signal);
    using applier = new LayerApplier(tree, new FlatStyle(tree), new Map());
    const reader: ByteReader = {
      read: async (buffer) => {
        await beforeRead();
        return await source.reader.read(buffer.subarray(0, READ_BYTES));
      },
    };
    await readLayer({ ...source, reader }, applier, limits, signal);
  }
  tree.directories.apply(fs, tree.root);
  await beforeRead();
  return fs.root;
}

/**
 * Writes the root file system of an image as one tar archive: first directories, then symlinks, devices and
 * FIFOs, both sorted by path; then files with their hard links in the order of the layers.
 *
 * @throws AppError as {@linkcode layersToMemory}; errors of the sink
 */
export async function flattenLayers(
  layers: readonly OpenLayer[],
  sink: ByteSink,
  limits: LayerLimits,
  signal: AbortSignal,
): Promise<void> {
  const output = new OutputBlocks(sink);
  const tar = new TarWriter((bytes) => output.add(bytes), (length) => output.addZeros(length));
  const flush = () => output.flush();
  const files = new Map<number, { readonly file: MemoryFile; readonly names: string[] }>();
  const others: { readonly name: string; readonly node: MemoryNode }[] = [];
  const root = await layersToMemory(layers, limits, signal);
  checkSize(root, limits);
  // Most images have no entry for the root. Then the archive has none either, and the target directory is
  // unchanged.
  if (root.hasEntry) writeEntry(tar, { ...common("./", root), kind: "directory" });
  for (const [name, node] of walkTree(root)) {
    if (node.kind === "directory") writeEntry(tar, { ...common(`${name}/`, node), kind: "directory" });
    else if (node.kind !== "file") others.push({ name, node });
    else {
      const known = files.get(node.number);
      if (known === undefined) files.set(node.number, { file: node, names: [name] });
      else known.names.push(name);
    }
  }
  await flush();
  writeOthers(tar, others);
  await flush();
  const writer = new FileWriter(tar, files);
  await layersToMemory(layers, limits, signal, writer, flush);
  tar.finish();
  await flush();
}

/**
 * Limits the archive's size. Sparse files are written with their holes, so a few bytes of a layer may become
 * petabytes.
 *
 * @throws AppError `limit_exceeded`
 */
function checkSize(root: MemoryDirectory, { unpackedBytes }: LayerLimits): void {
  const sizes = new Map<MemoryNode, number>();
  for (const [, node] of walkTree(root)) if (node.kind === "file") sizes.set(node, node.size);
  let total = 0;
  for (const size of sizes.values()) total += size;
  if (total <= unpackedBytes) return;
  throw new AppError(
    "limit_exceeded",
    `Cannot export root file system: its files have ${total} bytes, but the limit is ${unpackedBytes}`,
    { details: { limit: "unpackedBytes", most: unpackedBytes, value: total } },
  );
}

/** Iterates over all nodes below a directory with their paths, sorted, parents first. */
export function* walkTree(
  directory: MemoryDirectory,
  prefix = "",
): Iterable<readonly [path: string, MemoryNode]> {
  for (const name of [...directory.children.keys()].sort()) {
    const node = directory.children.get(name);
    if (node === undefined) continue;
    yield [prefix + name, node];
    if (node.kind === "directory") yield* walkTree(node, `${prefix}${name}/`);
  }
}

function common(name: string, { mode, uid, gid, mtime, xattrs }: MemoryNode): EntryCommon {
  return { name, mode, uid, gid, userName: "", groupName: "", mtime, xattrs };
}

function writeEntry(tar: TarWriter, entry: Entry): void {
  tar.begin(entry);
  tar.end();
}

function writeOthers(
  tar: TarWriter,
  others: readonly { readonly name: string; readonly node: MemoryNode }[],
): void {
  const written = new Map<MemoryNode, string>();
  for (const { name, node } of others) {
    const first = written.get(node);
    if (first !== undefined) writeEntry(tar, { ...common(name, node), kind: "hardlink", target: first });
    else writeEntry(tar, specialEntry(name, node));
    written.set(node, first ?? name);
  }
}

function specialEntry(name: string, node: MemoryNode): Entry {
  const metadata = common(name, node);
  if (node.kind === "symlink") return { ...metadata, kind: "symlink", target: node.target };
  if (node.kind !== "other" || node.node.kind === "fifo") return { ...metadata, kind: "fifo" };
  return {
    ...metadata,
    kind: "device",
    device: node.node.kind,
    major: node.node.major,
    minor: node.node.minor,
  };
}

/** Writes the files of the final tree while the layers are read again. */
class FileWriter implements ContentListener {
  readonly #tar: TarWriter;
  readonly #files: ReadonlyMap<number, { readonly file: MemoryFile; readonly names: readonly string[] }>;
  #open: number | undefined;

  constructor(tar: TarWriter, files: ReadonlyMap<number, { file: MemoryFile; names: readonly string[] }>) {
    this.#tar = tar;
    this.#files = files;
  }

  data(number: number, bytes: Uint8Array, offset: number): void {
    const entry = this.#files.get(number);
    if (entry === undefined) return;
    this.#begin(number, entry.file, entry.names[0]);
    this.#tar.data(bytes, offset);
  }

  end(number: number): void {
    const entry = this.#files.get(number);
    if (entry === undefined) return;
    const [first, ...links] = entry.names;
    this.#begin(number, entry.file, first);
    this.#tar.end();
    this.#open = undefined;
    for (const name of links) {
      writeEntry(this.#tar, { ...common(name, entry.file), kind: "hardlink", target: first ?? "" });
    }
  }

  #begin(number: number, file: MemoryFile, name = ""): void {
    if (this.#open === number) return;
    this.#open = number;
    this.#tar.begin({ ...common(name, file), kind: "file", size: file.size });
  }
}
