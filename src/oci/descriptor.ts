/**
 * Descriptors: what to fetch and what it must be (OCI image spec 1.1, descriptor.md).
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import { type Digest, parseDigest } from "./digest.ts";
import { asObject, asSize, asString, asStringMap, asStrings, defined, optional, type Where } from "./json.ts";
import { type Platform, readPlatform } from "./platform.ts";

/** A descriptor, with the spec's field names. */
export interface Descriptor {
  /** What the bytes are. */
  readonly mediaType: string;
  /** What they hash to. */
  readonly digest: Digest;
  /** How many bytes there are. */
  readonly size: number;
  /** Other places that may have the bytes. Used for foreign layers alone. */
  readonly urls?: readonly string[];
  /** Facts of whoever wrote the descriptor. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** The bytes themselves in base64; believed only after they were hashed. */
  readonly data?: string;
  /** What kind of artifact a manifest is. */
  readonly artifactType?: string;
  /** In an index: what the manifest was built for. */
  readonly platform?: Platform;
}

/**
 * Reads a descriptor of a document from outside.
 *
 * @throws AppError `invalid_content`
 */
export function readDescriptor(value: unknown, where: Where): Descriptor {
  const fields = asObject(value, where);
  return defined<Descriptor>({
    mediaType: asString(fields.mediaType, `${where}.mediaType`),
    digest: readDigest(fields.digest, `${where}.digest`),
    size: asSize(fields.size, `${where}.size`),
    urls: optional(fields.urls, `${where}.urls`, asStrings),
    annotations: optional(fields.annotations, `${where}.annotations`, asStringMap),
    data: optional(fields.data, `${where}.data`, asString),
    artifactType: optional(fields.artifactType, `${where}.artifactType`, asString),
    platform: optional(fields.platform, `${where}.platform`, readPlatform),
  });
}

/** Reads a digest of a document from outside: the same rules as for a typed one, another code. */
export function readDigest(value: unknown, where: Where): Digest {
  try {
    return parseDigest(asString(value, where));
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code === "invalid_content") throw cause;
    const code = cause.code === "unsupported" ? "unsupported" : "invalid_content";
    throw new AppError(code, `Cannot read ${where}: ${cause.message}`, { cause });
  }
}
