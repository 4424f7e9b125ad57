/**
 * An image becomes a directory: a flat root file system, or a runtime bundle.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { NO_WORKERS } from "../../base/worker.ts";
import { makeRuntimeConfig } from "../../unpack/bundle/bundle.ts";
import type { SkippedItem } from "../../unpack/apply/skipped.ts";
import { ThreadDecoder } from "../../unpack/decode/thread_decoder.ts";
import { type LayerReport, unpackRootfs } from "../../unpack/unpack.ts";
import { resolveUser } from "../../unpack/bundle/user.ts";
import type { UnpackDeps } from "../model/deps.ts";
import { findLayered, layersOf } from "../model/layers.ts";
import { makeTarget } from "./unpack_target.ts";

/** How to unpack. */
export interface UnpackImageOptions {
  /** Make an OCI runtime bundle: `rootfs/` and `config.json`. @default {false} */
  readonly bundle?: boolean;
  /** For a bundle that a user without root is to run: who shall be root inside. @default the bundle is root's */
  readonly rootless?: { readonly uid: number; readonly gid: number };
  /** Fail if anything has to be left out. @default {false} */
  readonly strict?: boolean;
  /** Hears of each layer that is done, from 1, and of how many. */
  readonly onLayer?: (layer: LayerReport, position: number, total: number) => void;
}

/** What became of an image. */
export interface UnpackImageResult {
  /** From the bottom to the top. */
  readonly layers: readonly LayerReport[];
  /** What could not be kept; empty if all was. */
  readonly leftOut: readonly SkippedItem[];
}

/**
 * Unpacks an image. The directory appears when all of it is there.
 *
 * @param directory new or empty
 * @throws AppError `not_found`; `already_exists`; `permission_denied` with `strict` if something was left out;
 * `digest_mismatch`, `limit_exceeded`, `invalid_content` for layers that are wrong; `no_space`
 */
export async function unpackImage(
  { store, startWorker = NO_WORKERS }: UnpackDeps,
  image: string,
  directory: string,
  options: UnpackImageOptions,
  signal: AbortSignal,
): Promise<UnpackImageResult> {
  const { bundle = false, rootless, strict = false, onLayer = () => {} } = options;
  using _held = await store.holdContent(signal);
  const found = await findLayered(store, image);
  const layers = layersOf(store, found);
  await using target = await makeTarget(directory);
  const rootfs = bundle ? `${target.path}/rootfs` : target.path;
  if (bundle) await Deno.mkdir(rootfs, { mode: 0o755 });
  using decoder = new ThreadDecoder(startWorker);
  const report = await unpackRootfs(rootfs, layers, {
    decoder,
    onLayer: (layer, position) => onLayer(layer, position, layers.length),
  }, signal);
  if (strict && report.leftOut.length > 0) throw strictError(image, report.leftOut);
  if (bundle) {
    const user = await resolveUser(rootfs, found.config.config.User ?? "");
    const config = makeRuntimeConfig(found.config, { user, ...(rootless && { rootless }) });
    const text = JSON.stringify(config, undefined, 2);
    await Deno.writeTextFile(`${target.path}/config.json`, `${text}\n`);
  }
  target.finish();
  return report;
}

function strictError(image: string, leftOut: readonly SkippedItem[]): AppError {
  const counts = leftOut.map(({ kind, count }) => `${count} ${kind}`).join(", ");
  return new AppError(
    "permission_denied",
    `Cannot unpack "${image}" completely: left out ${counts}, want root and --allow-ffi`,
    { details: Object.fromEntries(leftOut.map(({ kind, count }) => [kind, count])) },
  );
}
