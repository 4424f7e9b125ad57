/**
 * Exporting the root file system of an image as a tar archive.
 *
 * @module
 */
import type { ByteSink } from "../../base/bytes.ts";
import { flattenLayers } from "../../unpack/flatten.ts";
import { DEFAULT_LAYER_LIMITS } from "../../unpack/apply/layer.ts";
import type { ImageStorage } from "../model/deps.ts";
import { holdingStore } from "../model/held_store.ts";
import { findUnpackable, layersOf } from "../model/layers.ts";

/**
 * Writes the merged content of an image's layers, with all attributes. Needs no privileges. Doesn't close the sink.
 *
 * @throws AppError `not_found`; `unsupported` for an artifact; `digest_mismatch`, `invalid_content`, `limit_exceeded`
 */
export async function exportRootfs(
  store: ImageStorage,
  image: string,
  sink: ByteSink,
  signal: AbortSignal,
): Promise<void> {
  using held = holdingStore(store, signal);
  await held.hold([]);
  await flattenLayers(
    layersOf(held, await findUnpackable(held, image, signal)),
    sink,
    DEFAULT_LAYER_LIMITS,
    signal,
  );
}
