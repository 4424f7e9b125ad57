/**
 * Unpacks an image to a directory, as a flat root file system or a runtime bundle.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { NO_WORKERS } from "../../base/concurrency/worker.ts";
import { makeRuntimeConfig } from "../../unpack/bundle/bundle.ts";
import { formatSkipped, type SkippedItem } from "../../unpack/apply/skipped.ts";
import { ThreadDecoder } from "../../unpack/decode/thread_decoder.ts";
import { type LayerReport, unpackRootfs } from "../../unpack/unpack.ts";
import { resolveUser } from "../../unpack/bundle/user.ts";
import type { UnpackDeps } from "../model/deps.ts";
import { holdingStore } from "../model/held_store.ts";
import { findUnpackable, layersOf } from "../model/layers.ts";
import { makeTarget } from "./unpack_target.ts";

const ROOTFS_MODE = 0o755;
const CONFIG_MODE = 0o644;

/** Options of {@linkcode unpackImage}. */
export interface UnpackImageOptions {
  /** Create an OCI runtime bundle: `rootfs/` and `config.json`. @default {false} */
  readonly bundle?: boolean;
  /**
   * For a bundle that a user without root runs: the ids on the host that are root in the container.
   *
   * @default {none}
   */
  readonly rootless?: { readonly uid: number; readonly gid: number };
  /** Fail if any entry or attribute is skipped. @default {false} */
  readonly strict?: boolean;
  /** Called after each layer; positions start at 1. */
  readonly onLayer?: (layer: LayerReport, position: number, total: number) => void;
}

/** The result of {@linkcode unpackImage}. */
export interface UnpackImageResult {
  /** From the bottom to the top. */
  readonly layers: readonly LayerReport[];
  /** Entries and attributes that could not be unpacked; empty if the tree is complete. */
  readonly skipped: readonly SkippedItem[];
}

/**
 * Unpacks an image. The directory appears only when it is complete.
 *
 * @param directory new or empty
 * @throws AppError `not_found`; `already_exists`; `permission_denied` with `strict` if anything was skipped;
 * `digest_mismatch`, `limit_exceeded`, `invalid_content` for invalid layers; `no_space`
 */
export async function unpackImage(
  { store: whole, startWorker = NO_WORKERS }: UnpackDeps,
  image: string,
  directory: string,
  options: UnpackImageOptions,
  signal: AbortSignal,
): Promise<UnpackImageResult> {
  const { bundle = false, rootless, strict = false, onLayer = () => {} } = options;
  using store = holdingStore(whole, signal);
  await store.hold([]);
  const found = await findUnpackable(store, image, signal);
  const layers = layersOf(store, found);
  // Other users must not reach set-user-id programs and devices of a bundle.
  await using target = await makeTarget(directory, bundle ? "private" : "public");
  const rootfs = bundle ? `${target.path}/rootfs` : target.path;
  if (bundle) await Deno.mkdir(rootfs, { mode: ROOTFS_MODE });
  using decoder = new ThreadDecoder(startWorker);
  const report = await unpackRootfs(rootfs, layers, {
    decoder,
    onLayer: (layer, position) => onLayer(layer, position, layers.length),
  }, signal);
  if (strict && report.skipped.length > 0) throw strictError(image, report.skipped);
  if (bundle) {
    const user = await resolveUser(rootfs, found.config.config.User ?? "");
    const config = makeRuntimeConfig(found.config, { user, ...(rootless && { rootless }) });
    const text = JSON.stringify(config, undefined, 2);
    const options = { createNew: true, mode: CONFIG_MODE };
    await Deno.writeTextFile(`${target.path}/config.json`, `${text}\n`, options);
  }
  target.finish();
  return report;
}

function strictError(image: string, skipped: readonly SkippedItem[]): AppError {
  const counts = skipped.map(formatSkipped).join(", ");
  // No privilege permits overlayfs attributes.
  const needsRoot = skipped.some(({ kind }) => kind !== "overlay-xattr");
  const advice = needsRoot ? "; run as root (and with --allow-ffi under deno run)" : "";
  return new AppError(
    "permission_denied",
    `Cannot unpack "${image}" completely: ${counts}${advice}`,
    { details: Object.fromEntries(skipped.map(({ kind, count }) => [kind, count])) },
  );
}
