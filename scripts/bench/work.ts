/**
 * The images that are pulled.
 *
 * @module
 */
import { buildImage, type LayerSpec } from "../../tests/images/mod.ts";
import { pushTo } from "../../tests/real/push.ts";

/** A piece of work. */
export interface Work {
  readonly key: string;
  readonly what: string;
  /** For a smoke run, a hundredth of it. */
  readonly layers: (scale: Scale) => readonly LayerSpec[];
}

/** Whether to do the whole work. */
export type Scale = "full" | "quick";

const MIB = 1024 * 1024;

/** Layers that don't compress, as they are. The last bytes of a tar are zeros, which makes no difference. */
function layers(count: number, size: number, seed: number): readonly LayerSpec[] {
  const kind = size > MIB ? { lazy: true } : { compression: "none" } as const;
  return Array.from({ length: count }, (_, i) => ({ size, seed: seed + i, ...kind }));
}

/** Work of made bytes. */
export const WORKS: readonly Work[] = [
  work("A", "1 layer of 1 GiB", 1, 1024 * MIB, 16),
  work("B", "10 layers of 100 MiB", 10, 100 * MIB, 10),
  work("C", "60 layers of 1 MiB", 60, MIB, 10),
  work("D", "300 layers of 20 KiB", 300, 20 * 1024, 10),
  work("S", "1 layer of 128 MiB", 1, 128 * MIB, 4),
];

function work(key: string, what: string, count: number, size: number, shrink: number): Work {
  const seed = key.charCodeAt(0) * 10_000;
  return {
    key,
    what,
    layers: (scale) =>
      scale === "full"
        ? layers(count, size, seed)
        : layers(Math.max(1, Math.ceil(count / shrink)), Math.max(20 * 1024, Math.round(size / 64)), seed),
  };
}

/** Makes the image of a work and pushes it; gives its path and tag below the host. */
export async function push({ key, layers }: Work, scale: Scale, origin: string): Promise<string> {
  const image = await buildImage({ layers: layers(scale), seed: key.charCodeAt(0) });
  const reference = await pushTo(origin, `bench/${key.toLowerCase()}`, "1", image);
  return reference.slice(reference.indexOf("/") + 1);
}

/** Bytes of all layers. */
export function bytesOf(work: Work, scale: Scale): number {
  return work.layers(scale).reduce((sum, { size = 0 }) => sum + size, 0);
}
