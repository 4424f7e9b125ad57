/**
 * Descriptors, which identify content by media type, digest and size (OCI image spec 1.1, descriptor.md).
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { type Digest, parseDigest } from "./digest.ts";
import {
  asObject,
  asSize,
  asString,
  asStringMap,
  asStrings,
  defined,
  type JsonLocation,
  optional,
} from "./json.ts";
import { type Platform, readPlatform } from "./platform.ts";

/** The annotation with an image's name in a layout (annotations.md), by which other tools select images. */
export const REF_NAME = "org.opencontainers.image.ref.name";

/** A descriptor. The field names are those of the spec. */
export interface Descriptor {
  /** The media type of the content. */
  readonly mediaType: string;
  /** The digest of the content. */
  readonly digest: Digest;
  /** The size of the content in bytes. */
  readonly size: number;
  /** URLs that may have the content. Used only for foreign layers. */
  readonly urls?: readonly string[];
  /** Annotations of the descriptor. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** The content in base64. Verify its digest before use. */
  readonly data?: string;
  /** The artifact type of a manifest. */
  readonly artifactType?: string;
  /** In an index: the platform of the manifest. */
  readonly platform?: Platform;
}

/**
 * Validates a descriptor of an external document.
 *
 * @throws AppError `invalid_content`
 */
export function readDescriptor(value: unknown, location: JsonLocation): Descriptor {
  const fields = asObject(value, location);
  return defined<Descriptor>({
    mediaType: asString(fields.mediaType, `${location}.mediaType`),
    digest: readDigest(fields.digest, `${location}.digest`),
    size: asSize(fields.size, `${location}.size`),
    urls: optional(fields.urls, `${location}.urls`, asStrings),
    annotations: optional(fields.annotations, `${location}.annotations`, asStringMap),
    data: optional(fields.data, `${location}.data`, asString),
    artifactType: optional(fields.artifactType, `${location}.artifactType`, asString),
    platform: optional(fields.platform, `${location}.platform`, readPlatform),
  });
}

/**
 * Validates a digest of an external document.
 *
 * @throws AppError `invalid_content`, or `unsupported` for an unknown algorithm
 */
export function readDigest(value: unknown, location: JsonLocation): Digest {
  try {
    return parseDigest(asString(value, location));
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code === "invalid_content") throw cause;
    const code = cause.code === "unsupported" ? "unsupported" : "invalid_content";
    throw new AppError(code, `Cannot read ${location}: ${cause.message}`, { cause });
  }
}
