/**
 * Layers for tests, and temporary directories to unpack them to, with a listing of the result.
 *
 * @module
 */
import { neverAborted } from "../../base/concurrency/abort.ts";
import { OCI_LAYER } from "../../oci/media_type.ts";
import { type Digest, digestOf } from "../../oci/digest.ts";
import { COMMON, type TestEntry, writeArchive } from "../../tar/archive_fake.ts";
import type { Entry } from "../../tar/entry.ts";
import { encodeName } from "../../tar/name.ts";
import type { LayerSource } from "./layer.ts";
import type { TreeCalls } from "./tree.ts";
import {
  type OverlayOptions,
  type OverlayReport,
  type UnpackOptions,
  unpackOverlayLayer,
  type UnpackReport,
  unpackRootfs,
} from "../unpack.ts";

const EMPTY = new Uint8Array(0);

/** Whether this process may create device nodes and change owners. */
export const IS_ROOT = Deno.uid() === 0;

/** Entries belong to the current user, so that an ordinary user can run the tests. */
const CURRENT_USER = { ...COMMON, uid: Deno.uid() ?? 0, gid: Deno.gid() ?? 0 };

type Extra = Partial<Omit<Entry, "kind" | "name">>;

/** Builds entries. */
export const make = {
  file: (name: string, content = "", extra: Extra = {}): TestEntry => {
    const bytes = encodeName(content);
    return { entry: { ...CURRENT_USER, ...extra, kind: "file", name, size: bytes.length }, content: bytes };
  },
  directory: (name: string, extra: Extra = {}): TestEntry => ({
    entry: { ...CURRENT_USER, mode: 0o755, ...extra, kind: "directory", name },
    content: EMPTY,
  }),
  symlink: (name: string, target: string, extra: Extra = {}): TestEntry => ({
    entry: { ...CURRENT_USER, ...extra, kind: "symlink", name, target },
    content: EMPTY,
  }),
  hardlink: (name: string, target: string): TestEntry => ({
    entry: { ...CURRENT_USER, kind: "hardlink", name, target },
    content: EMPTY,
  }),
  device: (name: string, major: number, minor: number): TestEntry => ({
    entry: { ...CURRENT_USER, kind: "device", device: "character", name, major, minor },
    content: EMPTY,
  }),
  fifo: (name: string): TestEntry => ({ entry: { ...CURRENT_USER, kind: "fifo", name }, content: EMPTY }),
} as const;

/** A layer source on bytes in memory. */
export function sourceOf(bytes: Uint8Array, diffId: Digest, mediaType = OCI_LAYER): LayerSource & Disposable {
  let offset = 0;
  return {
    mediaType,
    diffId,
    reader: {
      read(buffer) {
        if (offset === bytes.length) return Promise.resolve(null);
        const part = bytes.subarray(offset, offset + buffer.length);
        buffer.set(part);
        offset += part.length;
        return Promise.resolve(part.length);
      },
    },
    [Symbol.dispose]() {},
  };
}

/** A layer source on the archive of some entries. */
export async function layerOf(entries: readonly TestEntry[]): Promise<LayerSource & Disposable> {
  const bytes = Uint8Array.from(writeArchive(entries));
  return sourceOf(bytes, await digestOf(bytes));
}

/** A temporary directory with a root, and files outside the root that must not change. Dispose it. */
export class Box implements Disposable {
  readonly path: string = Deno.makeTempDirSync({ prefix: "dray-unpack-" });
  readonly root: string = `${this.path}/root`;
  /** The target of the attacks. */
  readonly outside: string = `${this.path}/outside`;
  readonly #before: string;

  constructor() {
    Deno.mkdirSync(this.root);
    Deno.mkdirSync(this.outside);
    Deno.writeTextFileSync(`${this.outside}/victim`, "unchanged");
    Deno.chmodSync(`${this.outside}/victim`, 0o640);
    this.#before = JSON.stringify(listTree(this.outside));
  }

  /** Unpacks layers into the root. */
  unpack(layers: readonly (readonly TestEntry[])[], options: UnpackOptions = {}): Promise<UnpackReport> {
    const open = layers.map((entries) => () => layerOf(entries));
    return unpackRootfs(this.root, open, options, neverAborted());
  }

  /** Unpacks a layer for overlayfs. */
  async unpackOverlay(
    entries: readonly TestEntry[],
    options: OverlayOptions = {},
  ): Promise<OverlayReport> {
    return await unpackOverlayLayer(this.root, await layerOf(entries), options, neverAborted());
  }

  /** The nodes of the root. */
  list(): Readonly<Record<string, string>> {
    return listTree(this.root);
  }

  /** Whether everything outside the root is unchanged. */
  get isOutsideUnchanged(): boolean {
    const names = Array.from(Deno.readDirSync(this.path), (entry) => entry.name).sort();
    return JSON.stringify(listTree(this.outside)) === this.#before && names.join() === "outside,root";
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** All paths of a tree with their nodes: `d 755`, `f 644 content`, `-> target`. */
export function listTree(root: string): Readonly<Record<string, string>> {
  const seen: Record<string, string> = {};
  const visit = (directory: string, prefix: string) => {
    for (const name of Array.from(Deno.readDirSync(directory), (entry) => entry.name).sort()) {
      const path = `${directory}/${name}`;
      seen[prefix + name] = describe(path);
      if (Deno.lstatSync(path).isDirectory) visit(path, `${prefix}${name}/`);
    }
  };
  visit(root, "");
  return seen;
}

function describe(path: string): string {
  const info = Deno.lstatSync(path);
  const mode = ((info.mode ?? 0) % 0o10000).toString(8);
  if (info.isSymlink) return `-> ${Deno.readLinkSync(path)}`;
  if (info.isDirectory) return `d ${mode}`;
  if (info.isFile) return `f ${mode} ${Deno.readTextFileSync(path)}`.trimEnd();
  if (info.isFifo) return `p ${mode}`;
  return `c ${mode} ${info.rdev}`;
}

/** Runs a test with Deno's calls and with libc. */
export function testBoth(name: string, run: (calls: TreeCalls) => Promise<void>): void {
  for (const calls of ["deno", "libc"] as const) Deno.test(`${name} (${calls})`, () => run(calls));
}
