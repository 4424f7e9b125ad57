/**
 * Comparing an unpacked layer with its blob.
 *
 * @module
 */
import { KIB } from "../../base/bytes.ts";
import { isMissing } from "../../base/system/os_errors.ts";
import type { UnpackedLayer } from "../../content/layer_store.ts";
import { walkTree } from "../../unpack/flatten.ts";
import type { MemoryDirectory, MemoryNode } from "../../unpack/fs/memory_fs.ts";
import { type OpenLayer, overlayLayerToMemory } from "../../unpack/unpack.ts";
import { ContentHashes } from "../unpack/content_hashes.ts";

const BUFFER_BYTES = 256 * KIB;
const PERMISSION_BITS = 0o7777;

/**
 * Describes the first difference between a layer's directory and the layer in its blob: missing and additional paths,
 * types, contents, link targets, modes and owners. Times and extended attributes are not compared.
 *
 * @throws AppError `digest_mismatch`, `invalid_content` for a damaged blob; the signal's reason
 */
export async function contentFaultOf(
  layer: UnpackedLayer,
  open: OpenLayer,
  signal: AbortSignal,
): Promise<string | undefined> {
  const expected = await ContentHashes.open();
  const lowerSymlinks = new Map(Object.entries(layer.metadata.lowerSymlinks));
  using source = await open(signal);
  const root = await overlayLayerToMemory(source, expected, { lowerSymlinks }, signal);
  const comparison = new Comparison(layer, expected.contents, await ContentHashes.open());
  const inRoot = comparison.additionalIn("", root);
  if (inRoot !== undefined) return inRoot;
  for (const [path, node] of walkTree(root)) {
    signal.throwIfAborted();
    // Deno can't name a file whose name isn't UTF-8.
    const fault = path.isWellFormed() ? comparison.faultAt(path, node) : undefined;
    if (fault !== undefined) return fault;
  }
  return undefined;
}

class Comparison {
  readonly #root: string;
  /** Whether entries or attributes of the layer couldn't be stored. */
  readonly #isPartial: boolean;
  readonly #expected: ReadonlyMap<number, string>;
  readonly #actual: ContentHashes;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #files = 0;

  constructor(
    { path, metadata }: UnpackedLayer,
    expected: ReadonlyMap<number, string>,
    actual: ContentHashes,
  ) {
    this.#root = path;
    this.#isPartial = Object.keys(metadata.skipped).length > 0;
    this.#expected = expected;
    this.#actual = actual;
  }

  faultAt(path: string, node: MemoryNode): string | undefined {
    const quoted = JSON.stringify(path);
    let info: Deno.FileInfo;
    try {
      info = Deno.lstatSync(`${this.#root}/${path}`);
    } catch (error) {
      if (!isMissing(error)) throw error;
      return this.#isPartial ? undefined : `${quoted} is missing`;
    }
    if (kindOf(info) !== node.kind) return `${quoted} has another type`;
    if (node.kind === "file") {
      if (info.size !== node.size) return `${quoted} has ${info.size} bytes instead of ${node.size}`;
      if (this.#hashOf(path) !== this.#expected.get(node.number)) return `${quoted} has other content`;
    }
    if (node.kind === "symlink" && Deno.readLinkSync(`${this.#root}/${path}`) !== node.target) {
      return `${quoted} has another target`;
    }
    if (!this.#isPartial && node.hasEntry) {
      const hasMode = node.kind !== "symlink" && info.mode !== null;
      if (hasMode && (Number(info.mode) & PERMISSION_BITS) !== (node.mode & PERMISSION_BITS)) {
        return `${quoted} has another mode`;
      }
      if (info.uid !== node.uid || info.gid !== node.gid) return `${quoted} has another owner`;
    }
    return node.kind === "directory" ? this.additionalIn(path, node) : undefined;
  }

  additionalIn(path: string, { children }: MemoryDirectory): string | undefined {
    // Deno replaces the bytes of a name that isn't UTF-8, so such names can't be compared.
    if ([...children.keys()].some((name) => !name.isWellFormed())) return undefined;
    for (const { name } of Deno.readDirSync(`${this.#root}/${path}`)) {
      if (!children.has(name)) {
        return `${JSON.stringify(path === "" ? name : `${path}/${name}`)} is not in the layer`;
      }
    }
    return undefined;
  }

  #hashOf(path: string): string | undefined {
    const number = this.#files++;
    using file = Deno.openSync(`${this.#root}/${path}`, { read: true });
    for (let offset = 0;;) {
      const n = file.readSync(this.#buffer);
      if (n === null) break;
      this.#actual.data(number, this.#buffer.subarray(0, n), offset);
      offset += n;
    }
    this.#actual.end(number);
    const hash = this.#actual.contents.get(number);
    this.#actual.contents.delete(number);
    return hash;
  }
}

function kindOf({ isFile, isDirectory, isSymlink }: Deno.FileInfo): MemoryNode["kind"] {
  if (isFile) return "file";
  if (isDirectory) return "directory";
  return isSymlink ? "symlink" : "other";
}
