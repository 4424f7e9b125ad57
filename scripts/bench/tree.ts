/**
 * Workload E: an image of a real file system, pulled, and pulled and unpacked.
 *
 * @module
 */
import type { Distribution } from "../../tests/real/distribution.ts";
import type { Program } from "./compare.ts";
import { curlTar } from "./curl_tar.ts";
import { type Dray, ours, pullArgs } from "./dray.ts";
import { type Route, titleOf } from "./networks.ts";
import { comparePrograms, type ComparisonOptions, prefaultBytesFor } from "./compare.ts";
import type { Report } from "./report.ts";
import { type Compression, type Layer, pushTree, TREE_BYTES } from "./tree_image.ts";
import type { Scale } from "./workloads.ts";

/** The image in a registry, in one compression. */
export interface Tree {
  readonly compression: Compression;
  readonly path: string;
  readonly layers: readonly Layer[];
}

/** Builds and pushes the image with gzip and with zstd. */
export async function pushTrees(
  registry: Distribution,
  scale: Scale,
  directory: string,
): Promise<readonly Tree[]> {
  const trees: Tree[] = [];
  for (const compression of ["gzip", "zstd"] satisfies Compression[]) {
    trees.push({ compression, ...await pushTree(registry, compression, scale, directory) });
  }
  return trees;
}

/**
 * Pulls and unpacks once without measuring, because filling the runtime's code cache takes time and memory. The files
 * stay in `directory`.
 */
export async function unpackFirst(
  dray: Dray,
  host: string,
  { path }: Tree,
  directory: string,
): Promise<void> {
  const [program] = ours(dray, (task) => pullArgs(task, "--unpack"));
  await Deno.mkdir(directory);
  await program.run({ reference: `${host}/${path}`, directory, caFile: undefined });
}

/** Compares pulls with gzip and with zstd and, as root, pulls with unpacking. Unpacked files keep their owners. */
export async function compareTrees(
  trees: readonly Tree[],
  { host, caFile, name, network }: Route,
  { dray, others }: { readonly dray: Dray; readonly others: readonly Program[] },
  scale: Scale,
  options: Omit<ComparisonOptions, "prefaultBytes">,
  report: Report,
): Promise<void> {
  // The files and their compressed layers.
  const prefaultBytes = scale === "quick" ? 0 : prefaultBytesFor(1.4 * TREE_BYTES.full);
  const keyOf = (what: string) => scale === "quick" ? "" : `${what} ${name}`;
  for (const { compression, path, layers } of trees) {
    const megabytes = Math.round(layers.reduce((sum, { size }) => sum + size, 0) / 1e6);
    const title = `E: files of /usr, ${
      Math.round(TREE_BYTES[scale] / 1e6)
    } MB, in ${compression} ${megabytes} MB, ${titleOf(network, "E")}`;
    const task = { reference: `${host}/${path}`, caFile };
    const pulling = [...ours(dray, pullArgs), ...others.filter(({ name }) => !isUnpacking(name))];
    await report.addOutcome({
      key: keyOf(`E ${compression}`),
      title,
      isUnpacked: false,
      rows: await comparePrograms(pulling, task, { ...options, prefaultBytes }),
    });
    if (Deno.uid() !== 0) {
      await report.add("E: unpacking skipped: it needs root\n");
      continue;
    }
    const unpacking = [
      ...ours(dray, (task) => pullArgs(task, "--unpack")),
      curlTar(layers, compression),
      ...others.filter(({ name }) => isUnpacking(name)),
    ];
    await report.addOutcome({
      key: keyOf(`E ${compression} unpacked`),
      title: `${title}, pulled and unpacked`,
      isUnpacked: true,
      rows: await comparePrograms(unpacking, task, { ...options, prefaultBytes }),
    });
  }
}

/** Reports whether a program unpacks the image that it pulls. */
export function isUnpacking(name: string): boolean {
  return name === "ctr image pull";
}
