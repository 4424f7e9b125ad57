/**
 * One layer's entries put into a tree.
 *
 * Layers come from strangers. Every entry is walked to from the root (`walker.ts`), whatever is at its name is
 * removed without being followed, and what is made is made anew.
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

/** Puts a layer's entries into a tree. Dispose it on every path. */
export class LayerApplier<Dir> implements TarSink, Disposable {
  readonly #tree: Tree<Dir>;
  readonly #style: WhiteoutStyle<Dir>;
  readonly #walker: PathResolver<Dir>;
  /** Another way, so that a hard link's two ends can be open at once. */
  readonly #linkWalker: PathResolver<Dir>;
  readonly #attributes: AttributeSetter;
  readonly #touched = new WrittenPaths();
  readonly #implied: PathSegments[] = [];
  #hasRoot = false;
  #entry: Entry | undefined;
  #open: { readonly file: NewFile; readonly path: string } | undefined;
  #written = 0;
  #count = 0;

  /** @param aliases see {@linkcode PathResolver} */
  constructor(tree: Tree<Dir>, style: WhiteoutStyle<Dir>, aliases: ReadonlyMap<string, string>) {
    this.#tree = tree;
    this.#style = style;
    this.#walker = new PathResolver(tree.fs, tree.root, aliases);
    this.#linkWalker = new PathResolver(tree.fs, tree.root, aliases);
    this.#attributes = new AttributeSetter(tree.leftOut);
  }

  /** Entries so far. */
  get count(): number {
    return this.#count;
  }

  /** Directories that the layer itself says nothing of, parents first; the root is one of them. */
  get implied(): readonly PathSegments[] {
    const made = this.#implied.filter((steps) => this.#touched.isImplied(steps));
    return this.#hasRoot ? made : [[], ...made];
  }

  begin(entry: Entry): void {
    this.#entry = entry;
    this.#count++;
    const steps = segmentsOf(entry.name);
    const name = steps.at(-1);
    if (name === undefined) return this.#beginRoot(entry);
    const whiteout = whiteoutOf(name);
    if (whiteout?.kind === "ignored") return;
    if (this.#isUnwritable(entry, steps)) return;
    const parents = steps.slice(0, -1);
    if (whiteout !== undefined) return this.#hide(whiteout, parents, entry.mtime);
    const place = this.#walker.walk(parents, this.#making(entry.mtime));
    if (place === undefined) throw new AppError("internal", "A directory that was made is missing");
    this.#make(entry, place, name);
  }

  data(bytes: Uint8Array, offset: number): void {
    if (this.#open === undefined) return;
    this.#open.file.write(bytes, offset);
    this.#written = offset + bytes.length;
  }

  end(): void {
    const open = this.#open;
    const entry = this.#entry;
    this.#open = this.#entry = undefined;
    if (open === undefined || entry?.kind !== "file") return;
    try {
      if (this.#written < entry.size) open.file.setSize(entry.size);
      this.#attributes.setAll(open.file, open.path, entry, "other");
    } finally {
      open.file.close();
    }
  }

  /** Closes what is open. */
  [Symbol.dispose](): void {
    this.#open?.file.close();
    this.#open = undefined;
    this.#walker[Symbol.dispose]();
    this.#linkWalker[Symbol.dispose]();
  }

  #beginRoot(entry: Entry): void {
    if (entry.kind !== "directory") {
      throw new AppError(
        "invalid_content",
        `Cannot unpack ${JSON.stringify(entry.name)}: it would take the root's place, and is no directory`,
      );
    }
    this.#hasRoot = true;
    this.#setDirectory(entry, { directory: this.#tree.root, segments: [] }, SELF, []);
  }

  #hide(whiteout: Whiteout, parents: PathSegments, mtime: TarTime): void {
    const onMissing: OnMissing = this.#style.keepsWhiteouts ? this.#making(mtime) : { kind: "stop" };
    const place = this.#walker.walk(parents, onMissing);
    if (place === undefined) return;
    if (whiteout.kind === "opaque") this.#style.hideAll(place, this.#touched);
    else if (whiteout.kind === "name") this.#style.hide(place, whiteout.hidden, this.#touched);
    // What was hidden may have been on the other way.
    this.#linkWalker.reset();
  }

  /** Whether a name can't be written as it is; then it is noted. */
  #isUnwritable(entry: Entry, steps: PathSegments): boolean {
    if (this.#tree.fs.isComplete) return false;
    const target = entry.kind === "symlink" || entry.kind === "hardlink" ? entry.target : "";
    if (entry.name.isWellFormed() && target.isWellFormed()) return false;
    this.#leaveOut("name", keyOf(steps));
    return true;
  }

  #making(mtime: TarTime): OnMissing {
    return {
      kind: "make",
      made: (steps) => {
        this.#touched.addImplied(steps);
        this.#implied.push(steps);
        this.#tree.directories.set(steps, implicitAttributes(mtime));
      },
    };
  }

  #make(entry: Entry, place: ResolvedDirectory<Dir>, name: string): void {
    const steps = [...place.segments, name];
    this.#tree.absent.delete(keyOf(steps));
    // Twice at most: made, or something is in the way, is removed, and then made.
    for (let attempt = 0; attempt < 2; attempt++) {
      if (this.#tryMake(entry, place, name, steps)) {
        this.#touched.add(steps);
        return;
      }
      this.#remove(place, name, steps);
    }
    throw new AppError(
      "internal",
      `Cannot unpack ${JSON.stringify(entry.name)}: its place does not get free`,
    );
  }

  /** False if something is in the way. */
  #tryMake(entry: Entry, place: ResolvedDirectory<Dir>, name: string, steps: PathSegments): boolean {
    const { fs } = this.#tree;
    switch (entry.kind) {
      case "file": {
        const file = fs.createFile(place.directory, name, entry.mode);
        if (file === undefined) return false;
        this.#open = { file, path: keyOf(steps) };
        this.#written = 0;
        return true;
      }
      case "directory":
        return this.#makeDirectory(entry, place, name, steps);
      case "symlink":
        checkTarget(entry);
        if (!fs.makeSymlink(place.directory, name, entry.target)) return false;
        this.#finish(entry, place, name);
        return true;
      case "hardlink":
        return this.#makeLink(entry, place, name, steps);
      case "device":
      case "fifo":
        return this.#makeNode(entry, place, name, steps);
      default:
        return assertNever(entry);
    }
  }

  #makeDirectory(entry: Entry, place: ResolvedDirectory<Dir>, name: string, steps: PathSegments): boolean {
    const { fs } = this.#tree;
    if (fs.makeDirectory(place.directory, name)) this.#style.madeDirectory(place, name);
    else if (fs.kindOf(place.directory, name) !== "directory") return false;
    else fs.clearXattrs(place.directory, name);
    this.#setDirectory(entry, place, name, steps);
    return true;
  }

  #setDirectory(entry: Entry, place: ResolvedDirectory<Dir>, name: string, steps: PathSegments): void {
    const path = keyOf(steps);
    const made = createdAt(this.#tree.fs, place.directory, name);
    this.#attributes.setOwner(made, path, entry);
    this.#attributes.setXattrs(made, path, entry);
    this.#tree.directories.set(steps, entry);
  }

  #makeLink(entry: HardlinkEntry, place: ResolvedDirectory<Dir>, name: string, steps: PathSegments): boolean {
    const target = segmentsOf(entry.target);
    const missing = () =>
      new AppError(
        "invalid_content",
        `Cannot unpack hard link ${JSON.stringify(entry.name)}: there is no file ${
          JSON.stringify(entry.target)
        }`,
      );
    const last = target.at(-1);
    if (last === undefined) throw missing();
    const from = this.#linkWalker.walk(target.slice(0, -1), { kind: "stop" });
    if (from === undefined) throw missing();
    const fromSteps = [...from.segments, last];
    const absent = this.#tree.absent.get(keyOf(fromSteps));
    if (absent !== undefined) {
      this.#leaveOut(absent, keyOf(steps));
      return true;
    }
    const { fs } = this.#tree;
    if (fs.kindOf(from.directory, last) === "directory") throw missing();
    // A link to itself would lose the file: what is in the way of the link is its target.
    if (keyOf(fromSteps) === keyOf(steps)) {
      if (fs.kindOf(from.directory, last) === undefined) throw missing();
      return true;
    }
    const result = fs.makeLink(from.directory, last, place.directory, name);
    if (result === "missing") throw missing();
    return result === "made";
  }

  #makeNode(
    entry: DeviceEntry | FifoEntry,
    place: ResolvedDirectory<Dir>,
    name: string,
    steps: PathSegments,
  ): boolean {
    const node: NodeSpec = entry.kind === "fifo"
      ? { kind: entry.kind }
      : { kind: entry.device, major: entry.major, minor: entry.minor };
    if (this.#style.keepsWhiteouts && isOverlayWhiteout(node)) {
      this.#leaveOut("device", keyOf(steps));
      return true;
    }
    const result = this.#tree.fs.makeNode(place.directory, name, node);
    if (result === "made") this.#finish(entry, place, name);
    if (result !== "refused") return result === "made";
    if (this.#tree.fs.kindOf(place.directory, name) !== undefined) return false;
    this.#leaveOut(entry.kind, keyOf(steps));
    return true;
  }

  #finish(entry: Entry, place: ResolvedDirectory<Dir>, name: string): void {
    const path = keyOf([...place.segments, name]);
    const kind = entry.kind === "symlink" ? "symlink" : "other";
    this.#attributes.setAll(createdAt(this.#tree.fs, place.directory, name), path, entry, kind);
  }

  #leaveOut(kind: SkippedKind, path: string): void {
    this.#tree.leftOut.note(kind, path);
    this.#tree.absent.set(path, kind);
  }

  #remove(place: ResolvedDirectory<Dir>, name: string, steps: PathSegments): void {
    this.#tree.fs.removeTree(place.directory, name);
    this.#tree.directories.forget(steps);
    this.#touched.forget(steps);
    this.#linkWalker.reset();
  }
}

function checkTarget({ name, target }: SymlinkEntry): void {
  if (target !== "") return;
  throw new AppError("invalid_content", `Cannot unpack symlink ${JSON.stringify(name)}: its target is empty`);
}
