/**
 * E: a real file system, pulled, and pulled and unpacked.
 *
 * @module
 */
import type { Distribution } from "../../tests/real/distribution.ts";
import type { Contender } from "./contender.ts";
import { curlTar } from "./curl_tar.ts";
import { type Dray, ours, pullArgs } from "./dray.ts";
import { type Way, whereOf } from "./networks.ts";
import { type Course, race, warmBytesFor } from "./race.ts";
import type { Report } from "./report.ts";
import { type Layer, type Packing, pushTree, TREE_BYTES } from "./tree_image.ts";
import type { Scale } from "./work.ts";

/** A tree in a registry. */
export interface Tree {
  readonly packing: Packing;
  readonly path: string;
  readonly layers: readonly Layer[];
}

/** Makes and pushes the tree in all its packings. */
export async function pushTrees(
  registry: Distribution,
  scale: Scale,
  folder: string,
): Promise<readonly Tree[]> {
  const trees: Tree[] = [];
  for (const packing of ["gzip", "zstd"] satisfies Packing[]) {
    trees.push({ packing, ...await pushTree(registry, packing, scale, folder) });
  }
  return trees;
}

/**
 * Pulls and unpacks once, unmeasured: the first time fills the runtime's own cache of compiled code, which takes memory.
 * What it makes stays in `folder`.
 */
export async function unpackFirst(dray: Dray, host: string, { path }: Tree, folder: string): Promise<void> {
  const [own] = ours(dray, (task) => pullArgs(task, "--unpack"));
  await Deno.mkdir(folder);
  await own.run({ reference: `${host}/${path}`, folder, caFile: undefined });
}

/** Races with gzip and with zstd. What is unpacked keeps its owners, which takes the rights of root. */
export async function raceAtTrees(
  trees: readonly Tree[],
  { host, caFile, name, line }: Way,
  { dray, rivals }: { readonly dray: Dray; readonly rivals: readonly Contender[] },
  scale: Scale,
  course: Omit<Course, "warmBytes">,
  report: Report,
): Promise<void> {
  // Compressed bytes and files.
  const warmBytes = scale === "quick" ? 0 : warmBytesFor(1.4 * TREE_BYTES.full);
  const keyOf = (what: string) => scale === "quick" ? "" : `${what} ${name}`;
  for (const { packing, path, layers } of trees) {
    const megabytes = Math.round(layers.reduce((sum, { size }) => sum + size, 0) / 1e6);
    const what = `E: files of /usr, ${
      Math.round(TREE_BYTES[scale] / 1e6)
    } MB, in ${packing} ${megabytes} MB, ${whereOf(line, "E")}`;
    const task = { reference: `${host}/${path}`, caFile };
    const pulling = [...ours(dray, pullArgs), ...rivals.filter(({ name }) => !isUnpacking(name))];
    await report.addRace({
      key: keyOf(`E ${packing}`),
      title: what,
      isUnpacked: false,
      rows: await race(pulling, task, { ...course, warmBytes }),
    });
    if (Deno.uid() !== 0) {
      await report.add(`E: not unpacked: that needs the rights of root\n`);
      continue;
    }
    const unpacking = [
      ...ours(dray, (task) => pullArgs(task, "--unpack")),
      curlTar(layers, packing),
      ...rivals.filter(({ name }) => isUnpacking(name)),
    ];
    await report.addRace({
      key: keyOf(`E ${packing} unpacked`),
      title: `${what}, pulled and unpacked`,
      isUnpacked: true,
      rows: await race(unpacking, task, { ...course, warmBytes }),
    });
  }
}

/** Whether a rival unpacks what it pulls. */
export function isUnpacking(name: string): boolean {
  return name === "ctr image pull";
}
