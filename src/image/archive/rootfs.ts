/**
 * The root file system of an image as one archive.
 *
 * @module
 */
import type { ByteSink } from "../../base/bytes.ts";
import { flattenLayers } from "../../unpack/flatten.ts";
import { DEFAULT_LAYER_LIMITS } from "../../unpack/apply/layer.ts";
import type { ImageStorage } from "../model/deps.ts";
import { findLayered, layersOf } from "../model/layers.ts";

/**
 * Writes what the layers of an image make together, with every attribute. Needs no rights.
 *
 * @throws AppError `not_found`, `unsupported` for an artifact, and what a wrong layer throws
 */
export async function exportRootfs(
  store: ImageStorage,
  image: string,
  sink: ByteSink,
  signal: AbortSignal,
): Promise<void> {
  using _held = await store.holdContent(signal);
  await flattenLayers(layersOf(store, await findLayered(store, image)), sink, DEFAULT_LAYER_LIMITS, signal);
}
