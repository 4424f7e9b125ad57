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
  type JsonLocation,
  type JsonObject,
  optional,
  parseJsonObject,
} from "./json.ts";
import { type Platform, readPlatform } from "./platform.ts";

/** Configs have a history entry per build step; the largest real ones have tens of KiB. */
export const CONFIG_MAX_BYTES = 4 * MIB;

/** How to run a container of the image (config.md, "config"). Only the fields that dray uses are typed. */
export interface ExecutionConfig {
  /** The user or uid, optionally followed by a colon and a group or gid. */
  readonly User?: string;
  /** Environment variables as `NAME=value`. */
  readonly Env?: readonly string[];
  /** The start of the command line. */
  readonly Entrypoint?: readonly string[];
  /** Arguments of the entry point, or the whole command line. */
  readonly Cmd?: readonly string[];
  /** The working directory. */
  readonly WorkingDir?: string;
  /** Labels of the image. */
  readonly Labels?: Readonly<Record<string, string>>;
  /** The signal that stops the container. */
  readonly StopSignal?: string;
  /** Exposed ports as keys: `80/tcp`. */
  readonly ExposedPorts?: JsonObject;
  /** Directories for volumes, as keys. */
  readonly Volumes?: JsonObject;
}

/** The config of a container image. */
export interface ImageConfig {
  /** The platform of the image; undefined if the config has no architecture. */
  readonly platform?: Platform;
  /** The time of the build, RFC 3339. */
  readonly created?: string;
  /** The author of the image. */
  readonly author?: string;
  /** How to run a container. */
  readonly config: ExecutionConfig;
  /** Digests of the uncompressed layers, from the bottom to the top. */
  readonly diffIds: readonly Digest[];
  /** The whole parsed document. */
  readonly raw: JsonObject;
}

/**
 * Parses an image config.
 *
 * @throws AppError `invalid_content`
 */
export function parseImageConfig(bytes: Uint8Array, location: JsonLocation): ImageConfig {
  const raw = parseJsonObject(bytes, location);
  const rootfs = asObject(raw.rootfs ?? {}, `${location}, rootfs`);
  const diffIds = optional(rootfs.diff_ids, `${location}, rootfs.diff_ids`, asArray) ?? [];
  return defined<ImageConfig>({
    platform: readPlatform(raw, location),
    created: optional(raw.created, `${location}, created`, asString),
    author: optional(raw.author, `${location}, author`, asString),
    config: readExecutionConfig(raw.config ?? {}, `${location}, config`),
    diffIds: diffIds.map((item, i) => readDigest(item, `${location}, rootfs.diff_ids[${i}]`)),
    raw,
  });
}

/**
 * Reports whether a blob with the media type of an image config is really the config of an artifact: early tools pushed
 * artifacts with an empty config, `{}`, or any other content without layers of an image.
 *
 * @param layerCount number of layers in the manifest
 */
export function isArtifactConfig(bytes: Uint8Array, layerCount: number): boolean {
  let raw: JsonObject;
  try {
    raw = parseJsonObject(bytes, "config");
  } catch {
    return true;
  }
  const { diff_ids: diffIds } = (raw.rootfs ?? {}) as { readonly diff_ids?: unknown };
  const hasDiffIds = Array.isArray(diffIds) ? diffIds.length > 0 : (diffIds ?? undefined) !== undefined;
  if (hasDiffIds) return false;
  return layerCount > 0 || Object.keys(raw).length === 0;
}

function readExecutionConfig(value: unknown, location: JsonLocation): ExecutionConfig {
  const fields = asObject(value, location);
  const field = <T>(name: string, read: (value: unknown, location: JsonLocation) => T) =>
    optional(fields[name], `${location}.${name}`, read);
  return defined<ExecutionConfig>({
    User: field("User", asString),
    Env: field("Env", asStrings),
    Entrypoint: field("Entrypoint", asCommand),
    Cmd: field("Cmd", asCommand),
    WorkingDir: field("WorkingDir", asString),
    Labels: field("Labels", asStringMap),
    StopSignal: field("StopSignal", asString),
    ExposedPorts: field("ExposedPorts", asObject),
    Volumes: field("Volumes", asObject),
  });
}

/** Configs of old Docker versions have a string instead of a list with one string. */
function asCommand(value: unknown, location: JsonLocation): readonly string[] {
  return typeof value === "string" ? [value] : asStrings(value, location);
}

/**
 * The chain id of each layer, which identifies it together with all layers below it (config.md, "Layer
 * ChainID").
 */
export async function chainIdsOf(diffIds: readonly Digest[]): Promise<readonly Digest[]> {
  const chainIds: Digest[] = [];
  for (const diffId of diffIds) {
    const lower = chainIds.at(-1);
    chainIds.push(
      lower === undefined ? diffId : await digestOf(new TextEncoder().encode(`${lower} ${diffId}`)),
    );
  }
  return chainIds;
}
