/**
 * Image configs (OCI image spec 1.1, config.md).
 *
 * @module
 */
import { MIB } from "../base/bytes.ts";
import { type Digest, digestOf } from "./digest.ts";
import { readDigest } from "./descriptor.ts";
import {
  asArray,
  asObject,
  asString,
  asStringMap,
  asStrings,
  defined,
  type JsonObject,
  optional,
  parseJsonObject,
  type Where,
} from "./json.ts";
import { type Platform, readPlatform } from "./platform.ts";

/** Configs hold a history line per build step; the largest real ones have tens of KiB. */
export const CONFIG_MAX_BYTES = 4 * MIB;

/** How a container of the image is to be run; spec fields, of which only the ones used here are typed. */
export interface ExecutionConfig {
  /** Who to run as: a user or uid, and maybe a group behind a colon. */
  readonly User?: string;
  /** Variables as `NAME=value`. */
  readonly Env?: readonly string[];
  /** What comes first in the command line. */
  readonly Entrypoint?: readonly string[];
  /** Arguments behind the entry point, or the command itself. */
  readonly Cmd?: readonly string[];
  /** Where to run it. */
  readonly WorkingDir?: string;
  /** Facts of whoever built it. */
  readonly Labels?: Readonly<Record<string, string>>;
  /** The signal that asks it to end. */
  readonly StopSignal?: string;
  /** Ports as keys: `80/tcp`. */
  readonly ExposedPorts?: JsonObject;
  /** Directories with data of their own, as keys. */
  readonly Volumes?: JsonObject;
}

/** The config of an image that can be run. */
export interface ImageConfig {
  /** What the image was built for. */
  readonly platform: Platform;
  /** When it was built, RFC 3339. */
  readonly created?: string;
  /** Who built it. */
  readonly author?: string;
  /** How to run it. */
  readonly config: ExecutionConfig;
  /** Digests of the uncompressed layers, from the bottom to the top. */
  readonly diffIds: readonly Digest[];
  /** The whole document as it was written. */
  readonly raw: JsonObject;
}

/**
 * Parses an image config.
 *
 * @throws AppError `invalid_content`
 */
export function parseImageConfig(bytes: Uint8Array, where: Where): ImageConfig {
  const raw = parseJsonObject(bytes, where);
  const rootfs = asObject(raw.rootfs ?? {}, `${where}, rootfs`);
  const diffIds = optional(rootfs.diff_ids, `${where}, rootfs.diff_ids`, asArray) ?? [];
  return defined<ImageConfig>({
    platform: readPlatform(raw, where),
    created: optional(raw.created, `${where}, created`, asString),
    author: optional(raw.author, `${where}, author`, asString),
    config: readExecutionConfig(raw.config ?? {}, `${where}, config`),
    diffIds: diffIds.map((item, i) => readDigest(item, `${where}, rootfs.diff_ids[${i}]`)),
    raw,
  });
}

function readExecutionConfig(value: unknown, where: Where): ExecutionConfig {
  const fields = asObject(value, where);
  const field = <T>(name: string, read: (value: unknown, where: Where) => T) =>
    optional(fields[name], `${where}.${name}`, read);
  return defined<ExecutionConfig>({
    User: field("User", asString),
    Env: field("Env", asStrings),
    Entrypoint: field("Entrypoint", asStrings),
    Cmd: field("Cmd", asStrings),
    WorkingDir: field("WorkingDir", asString),
    Labels: field("Labels", asStringMap),
    StopSignal: field("StopSignal", asString),
    ExposedPorts: field("ExposedPorts", asObject),
    Volumes: field("Volumes", asObject),
  });
}

/** The chain id of each layer: what identifies it together with all below it (config.md, "Layer ChainID"). */
export async function chainIdsOf(diffIds: readonly Digest[]): Promise<readonly Digest[]> {
  const chainIds: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chainIds.at(-1);
    chainIds.push(
      below === undefined ? diffId : await digestOf(new TextEncoder().encode(`${below} ${diffId}`)),
    );
  }
  return chainIds;
}
