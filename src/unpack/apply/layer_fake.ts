/**
 * Layers for tests, a tree to put them into, and a look at what became of it and of what lies beside it.
 *
 * @module
 */
import { neverAborted } from "../../base/abort.ts";
import { OCI_LAYER } from "../../oci/media_type.ts";
import { type Digest, digestOf } from "../../oci/digest.ts";
import { COMMON, type Seen, writeArchive } from "../../tar/archive_fake.ts";
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

/** Whether this process may make device nodes and give files away. */
export const IS_ROOT = Deno.uid() === 0;

/** Things belong to who runs the tests, so that an ordinary user can run them too. */
const OWN = { ...COMMON, uid: Deno.uid() ?? 0, gid: Deno.gid() ?? 0 };

type Extra = Partial<Omit<Entry, "kind" | "name">>;

/** Makes entries. */
export const make = {
  file: (name: string, content = "", extra: Extra = {}): Seen => {
    const bytes = encodeName(content);
    return { entry: { ...OWN, ...extra, kind: "file", name, size: bytes.length }, content: bytes };
  },
  directory: (name: string, extra: Extra = {}): Seen => ({
    entry: { ...OWN, mode: 0o755, ...extra, kind: "directory", name },
    content: EMPTY,
  }),
  symlink: (name: string, target: string, extra: Extra = {}): Seen => ({
    entry: { ...OWN, ...extra, kind: "symlink", name, target },
    content: EMPTY,
  }),
  hardlink: (name: string, target: string): Seen => ({
    entry: { ...OWN, kind: "hardlink", name, target },
    content: EMPTY,
  }),
  device: (name: string, major: number, minor: number): Seen => ({
    entry: { ...OWN, kind: "device", device: "character", name, major, minor },
    content: EMPTY,
  }),
  fifo: (name: string): Seen => ({ entry: { ...OWN, kind: "fifo", name }, content: EMPTY }),
} as const;

/** A source over bytes in memory. */
export function sourceOf(bytes: Uint8Array, diffId: Digest, mediaType = OCI_LAYER): LayerSource & Disposable {
  let at = 0;
  return {
    mediaType,
    diffId,
    reader: {
      read(buffer) {
        if (at === bytes.length) return Promise.resolve(null);
        const part = bytes.subarray(at, at + buffer.length);
        buffer.set(part);
        at += part.length;
        return Promise.resolve(part.length);
      },
    },
    [Symbol.dispose]() {},
  };
}

/** A source over the archive of some entries. */
export async function layerOf(entries: readonly Seen[]): Promise<LayerSource & Disposable> {
  const bytes = Uint8Array.from(writeArchive(entries));
  return sourceOf(bytes, await digestOf(bytes));
}

/** A directory with a root in it and things beside the root that nobody may touch. Dispose it. */
export class Box implements Disposable {
  readonly path: string = Deno.makeTempDirSync({ prefix: "dray-unpack-" });
  readonly root: string = `${this.path}/root`;
  /** What the attacks are after. */
  readonly outside: string = `${this.path}/outside`;
  readonly #before: string;

  constructor() {
    Deno.mkdirSync(this.root);
    Deno.mkdirSync(this.outside);
    Deno.writeTextFileSync(`${this.outside}/victim`, "untouched");
    Deno.chmodSync(`${this.outside}/victim`, 0o640);
    this.#before = JSON.stringify(lookAt(this.outside));
  }

  /** Unpacks layers into the root. */
  unpack(layers: readonly (readonly Seen[])[], options: UnpackOptions = {}): Promise<UnpackReport> {
    const open = layers.map((entries) => () => layerOf(entries));
    return unpackRootfs(this.root, open, options, neverAborted());
  }

  /** Unpacks a layer for overlayfs. */
  async unpackOverlay(
    entries: readonly Seen[],
    options: Partial<OverlayOptions> = {},
  ): Promise<OverlayReport> {
    const all = { xattrs: IS_ROOT ? "trusted" : "user", ...options } as const;
    return await unpackOverlayLayer(this.root, await layerOf(entries), all, neverAborted());
  }

  /** What is in the root. */
  look(): Readonly<Record<string, string>> {
    return lookAt(this.root);
  }

  /** Whether all that lies beside the root is as it was. */
  get isOutsideUntouched(): boolean {
    const names = Array.from(Deno.readDirSync(this.path), (entry) => entry.name).sort();
    return JSON.stringify(lookAt(this.outside)) === this.#before && names.join() === "outside,root";
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** All paths of a tree with what they are: `d 755`, `f 644 content`, `-> target`. */
export function lookAt(root: string): Readonly<Record<string, string>> {
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

/** Runs a test with both kinds of system calls. */
export function testBoth(name: string, run: (calls: TreeCalls) => Promise<void>): void {
  for (const calls of ["deno", "libc"] as const) Deno.test(`${name} (${calls})`, () => run(calls));
}
