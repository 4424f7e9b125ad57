/**
 * The workloads that pull generated images: A, B, C, D and S.
 *
 * @module
 */
import { buildImage, type LayerSpec } from "../../tests/images/mod.ts";
import { pushTo } from "../../tests/real/push.ts";

/** An image to pull. */
export interface Workload {
  /** The letter that selects it on the command line. */
  readonly key: string;
  readonly title: string;
  readonly layers: (scale: Scale) => readonly LayerSpec[];
}

/** Whether to use full size or a small fraction of it, which only shows that everything works. */
export type Scale = "full" | "quick";

const MIB = 1024 * 1024;

/** Incompressible layers, stored uncompressed. The tar trailer is zeros, which makes no difference. */
function layers(count: number, size: number, seed: number): readonly LayerSpec[] {
  const kind = size > MIB ? { lazy: true } : { compression: "none" } as const;
  return Array.from({ length: count }, (_, i) => ({ size, seed: seed + i, ...kind }));
}

/** All of them, in the order of the report. */
export const WORKLOADS: readonly Workload[] = [
  workload("A", "1 layer of 1 GiB", 1, 1024 * MIB, 16),
  workload("B", "10 layers of 100 MiB", 10, 100 * MIB, 10),
  workload("C", "60 layers of 1 MiB", 60, MIB, 10),
  workload("D", "300 layers of 20 KiB", 300, 20 * 1024, 10),
  workload("S", "1 layer of 128 MiB", 1, 128 * MIB, 4),
];

function workload(key: string, title: string, count: number, size: number, divisor: number): Workload {
  const seed = key.charCodeAt(0) * 10_000;
  return {
    key,
    title,
    layers: (scale) =>
      scale === "full"
        ? layers(count, size, seed)
        : layers(Math.max(1, Math.ceil(count / divisor)), Math.max(20 * 1024, Math.round(size / 64)), seed),
  };
}

/** Builds and pushes the image of a workload. Returns its path and tag: `bench/a:1`. */
export async function push({ key, layers }: Workload, scale: Scale, origin: string): Promise<string> {
  const image = await buildImage({ layers: layers(scale), seed: key.charCodeAt(0) });
  const reference = await pushTo(origin, `bench/${key.toLowerCase()}`, "1", image);
  return reference.slice(reference.indexOf("/") + 1);
}

/** Returns the size of all layers. */
export function bytesOf(workload: Workload, scale: Scale): number {
  return workload.layers(scale).reduce((sum, { size = 0 }) => sum + size, 0);
}
