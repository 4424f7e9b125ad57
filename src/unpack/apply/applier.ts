/**
 * Applies the entries of one layer to a tree.
 *
 * Layers are untrusted. The parent directory of every entry is resolved from the root (`path_resolver.ts`). A
 * node that already has the entry's name is removed without following it, and the entry is created anew.
 *
 * @module
 */
import { AppError, assertNever } from "../../base/errors.ts";
import type {
  DeviceEntry,
  Entry,
  FifoEntry,
  HardlinkEntry,
  SymlinkEntry,
  TarSink,
  TarTime,
} from "../../tar/entry.ts";
import { AttributeSetter, implicitAttributes } from "./attributes.ts";
import { keyOf, type PathSegments, segmentsOf } from "./entry_path.ts";
import type { SkippedKind } from "./skipped.ts";
import { WrittenPaths } from "./written_paths.ts";
import type { Tree } from "./tree.ts";
import { createdAt, type NewFile, type NodeSpec, SELF } from "../fs/tree_fs.ts";
import { type OnMissing, PathResolver, type ResolvedDirectory } from "./path_resolver.ts";
import { isOverlayWhiteout, type WhiteoutStyle } from "./whiteout_style.ts";
import { type Whiteout, whiteoutOf } from "./whiteout.ts";

/** Applies a layer's entries to a tree. Dispose it on every path. */
export class LayerApplier<Dir> implements TarSink, Disposable {
  readonly #tree: Tree<Dir>;
  readonly #style: WhiteoutStyle<Dir>;
  readonly #resolver: PathResolver<Dir>;
  /** A second resolver, because both ends of a hard link are open at the same time. */
  readonly #linkResolver: PathResolver<Dir>;
  readonly #attributes: AttributeSetter;
  readonly #writtenPaths = new WrittenPaths();
  readonly #implicitParents: PathSegments[] = [];
  #hasRoot = false;
  #entry: Entry | undefined;
  #open: { readonly file: NewFile; readonly path: string } | undefined;
  #writtenBytes = 0;
  #count = 0;

  /** @param lowerSymlinks see {@linkcode PathResolver} */
  constructor(tree: Tree<Dir>, style: WhiteoutStyle<Dir>, lowerSymlinks: ReadonlyMap<string, string>) {
    this.#tree = tree;
    this.#style = style;
    this.#resolver = new PathResolver(tree.fs, tree.root, lowerSymlinks);
    this.#linkResolver = new PathResolver(tree.fs, tree.root, lowerSymlinks);
    this.#attributes = new AttributeSetter(tree.skipped);
  }

  /** The number of entries so far. */
  get count(): number {
    return this.#count;
  }

  /**
   * Directories that were created without an entry for them, parents first; the root counts as one of them.
   */
  get implicitParents(): readonly PathSegments[] {
    const parents = this.#implicitParents.filter((segments) => this.#writtenPaths.isImplicit(segments));
    return this.#hasRoot ? parents : [[], ...parents];
  }

  begin(entry: Entry): void {
    this.#entry = entry;
    this.#count++;
    const segments = segmentsOf(entry.name);
    const name = segments.at(-1);
    if (name === undefined) return this.#beginRoot(entry);
    const whiteout = whiteoutOf(name);
    if (whiteout?.kind === "ignored") return;
    if (this.#skipsUnwritable(entry, segments)) return;
    const parents = segments.slice(0, -1);
    if (whiteout !== undefined) return this.#hide(whiteout, parents, entry.mtime);
    const parent = this.#resolver.resolve(parents, this.#creating(entry.mtime));
    if (parent === undefined) {
      throw new AppError(
        "internal",
        `Cannot unpack ${JSON.stringify(entry.name)}: it has no parent directory`,
      );
    }
    this.#create(entry, parent, name);
  }

  data(bytes: Uint8Array, offset: number): void {
    if (this.#open === undefined) return;
    this.#open.file.write(bytes, offset);
    this.#writtenBytes = offset + bytes.length;
  }

  end(): void {
    const open = this.#open;
    const entry = this.#entry;
    this.#open = this.#entry = undefined;
    if (open === undefined || entry?.kind !== "file") return;
    try {
      if (this.#writtenBytes < entry.size) open.file.setSize(entry.size);
      this.#attributes.setAll(open.file, open.path, entry, "other");
    } finally {
      open.file.close();
    }
  }

  /** Closes the open file and directories. */
  [Symbol.dispose](): void {
    this.#open?.file.close();
    this.#open = undefined;
    this.#resolver[Symbol.dispose]();
    this.#linkResolver[Symbol.dispose]();
  }

  #beginRoot(entry: Entry): void {
    if (entry.kind !== "directory") {
      throw new AppError(
        "invalid_content",
        `Cannot unpack ${JSON.stringify(entry.name)}: the root must be a directory, not a ${entry.kind}`,
      );
    }
    this.#hasRoot = true;
    this.#setDirectory(entry, { directory: this.#tree.root, segments: [] }, SELF, []);
  }

  #hide(whiteout: Whiteout, parents: PathSegments, mtime: TarTime): void {
    const onMissing: OnMissing = this.#style.keepsWhiteouts ? this.#creating(mtime) : { kind: "stop" };
    const parent = this.#resolver.resolve(parents, onMissing);
    if (parent === undefined) return;
    if (whiteout.kind === "opaque") this.#style.hideAll(parent, this.#writtenPaths);
    else if (whiteout.kind === "name") this.#style.hide(parent, whiteout.hidden, this.#writtenPaths);
    // The other resolver may have a removed directory open.
    this.#linkResolver.reset();
  }

  /** Records and skips an entry whose name or link target this file system can't store. */
  #skipsUnwritable(entry: Entry, segments: PathSegments): boolean {
    if (this.#tree.fs.isComplete) return false;
    const target = entry.kind === "symlink" || entry.kind === "hardlink" ? entry.target : "";
    if (entry.name.isWellFormed() && target.isWellFormed()) return false;
    this.#skip("name", keyOf(segments));
    return true;
  }

  #creating(mtime: TarTime): OnMissing {
    return {
      kind: "create",
      onCreated: (segments) => {
        this.#writtenPaths.addImplicit(segments);
        this.#implicitParents.push(segments);
        this.#tree.directories.set(segments, implicitAttributes(mtime));
      },
    };
  }

  #create(entry: Entry, parent: ResolvedDirectory<Dir>, name: string): void {
    const segments = [...parent.segments, name];
    this.#tree.skippedPaths.delete(keyOf(segments));
    // If the name exists, remove it and retry once.
    for (let attempt = 0; attempt < 2; attempt++) {
      if (this.#tryCreate(entry, parent, name, segments)) {
        this.#writtenPaths.add(segments);
        return;
      }
      this.#remove(parent, name, segments);
    }
    throw new AppError(
      "internal",
      `Cannot unpack ${JSON.stringify(entry.name)}: the name still exists after it was removed`,
    );
  }

  /** Returns false if the name exists. */
  #tryCreate(entry: Entry, parent: ResolvedDirectory<Dir>, name: string, segments: PathSegments): boolean {
    const { fs } = this.#tree;
    switch (entry.kind) {
      case "file": {
        const file = fs.createFile(parent.directory, name, entry.mode);
        if (file === undefined) return false;
        this.#open = { file, path: keyOf(segments) };
        this.#writtenBytes = 0;
        return true;
      }
      case "directory":
        return this.#createDirectory(entry, parent, name, segments);
      case "symlink":
        checkTarget(entry);
        if (!fs.makeSymlink(parent.directory, name, entry.target)) return false;
        this.#finish(entry, parent, name);
        return true;
      case "hardlink":
        return this.#createLink(entry, parent, name, segments);
      case "device":
      case "fifo":
        return this.#createSpecial(entry, parent, name, segments);
      default:
        return assertNever(entry);
    }
  }

  #createDirectory(
    entry: Entry,
    parent: ResolvedDirectory<Dir>,
    name: string,
    segments: PathSegments,
  ): boolean {
    const { fs } = this.#tree;
    if (fs.makeDirectory(parent.directory, name)) this.#style.onDirectoryCreated(parent, name);
    else if (fs.kindOf(parent.directory, name) !== "directory") return false;
    else fs.clearXattrs(parent.directory, name);
    this.#setDirectory(entry, parent, name, segments);
    return true;
  }

  #setDirectory(entry: Entry, parent: ResolvedDirectory<Dir>, name: string, segments: PathSegments): void {
    const path = keyOf(segments);
    const created = createdAt(this.#tree.fs, parent.directory, name);
    this.#attributes.setOwner(created, path, entry);
    this.#attributes.setXattrs(created, path, entry);
    this.#tree.directories.set(segments, entry);
  }

  #createLink(
    entry: HardlinkEntry,
    parent: ResolvedDirectory<Dir>,
    name: string,
    segments: PathSegments,
  ): boolean {
    const target = segmentsOf(entry.target);
    const missing = () =>
      new AppError(
        "invalid_content",
        `Cannot unpack hard link ${JSON.stringify(entry.name)}: its target ${
          JSON.stringify(entry.target)
        } is not a file of the image`,
      );
    const last = target.at(-1);
    if (last === undefined) throw missing();
    const from = this.#linkResolver.resolve(target.slice(0, -1), { kind: "stop" });
    if (from === undefined) throw missing();
    const fromSegments = [...from.segments, last];
    const skippedKind = this.#tree.skippedPaths.get(keyOf(fromSegments));
    if (skippedKind !== undefined) {
      this.#skip(skippedKind, keyOf(segments));
      return true;
    }
    const { fs } = this.#tree;
    if (fs.kindOf(from.directory, last) === "directory") throw missing();
    // A link to itself must not be replaced: removing the existing name would delete the file itself.
    if (keyOf(fromSegments) === keyOf(segments)) {
      if (fs.kindOf(from.directory, last) === undefined) throw missing();
      return true;
    }
    const result = fs.makeLink(from.directory, last, parent.directory, name);
    if (result === "missing") throw missing();
    return result === "created";
  }

  #createSpecial(
    entry: DeviceEntry | FifoEntry,
    parent: ResolvedDirectory<Dir>,
    name: string,
    segments: PathSegments,
  ): boolean {
    const node: NodeSpec = entry.kind === "fifo"
      ? { kind: entry.kind }
      : { kind: entry.device, major: entry.major, minor: entry.minor };
    if (this.#style.keepsWhiteouts && isOverlayWhiteout(node)) {
      this.#skip("device", keyOf(segments));
      return true;
    }
    const result = this.#tree.fs.makeNode(parent.directory, name, node);
    if (result === "created") this.#finish(entry, parent, name);
    if (result !== "refused") return result === "created";
    if (this.#tree.fs.kindOf(parent.directory, name) !== undefined) return false;
    this.#skip(entry.kind, keyOf(segments));
    return true;
  }

  #finish(entry: Entry, parent: ResolvedDirectory<Dir>, name: string): void {
    const path = keyOf([...parent.segments, name]);
    const kind = entry.kind === "symlink" ? "symlink" : "other";
    this.#attributes.setAll(createdAt(this.#tree.fs, parent.directory, name), path, entry, kind);
  }

  #skip(kind: SkippedKind, path: string): void {
    this.#tree.skipped.record(kind, path);
    this.#tree.skippedPaths.set(path, kind);
  }

  #remove(parent: ResolvedDirectory<Dir>, name: string, segments: PathSegments): void {
    this.#tree.fs.removeTree(parent.directory, name);
    this.#tree.directories.forget(segments);
    this.#writtenPaths.forget(segments);
    this.#linkResolver.reset();
  }
}

function checkTarget({ name, target }: SymlinkEntry): void {
  if (target !== "") return;
  throw new AppError("invalid_content", `Cannot unpack symlink ${JSON.stringify(name)}: its target is empty`);
}
