/**
 * Manifests and indexes, of the OCI and of the Docker family (OCI image spec 1.1, manifest.md and image-index.md).
 *
 * @module
 */
import { MIB } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";
import { type Descriptor, readDescriptor } from "./descriptor.ts";
import {
  asArray,
  asString,
  asStringMap,
  defined,
  type JsonObject,
  optional,
  parseJsonObject,
  type Where,
} from "./json.ts";
import {
  DOCKER_MANIFEST,
  essenceOf,
  isIndexType,
  isManifestType,
  isSchema1Type,
  OCI_INDEX,
  OCI_MANIFEST,
} from "./media_type.ts";

/** Registries accept manifests up to 4 MiB; anything larger is an attack or a mistake. */
export const MANIFEST_MAX_BYTES = 4 * MIB;

/** The manifest of one image or artifact. */
export interface Manifest {
  /** Tells it from an index. */
  readonly kind: "manifest";
  /** OCI or Docker manifest. */
  readonly mediaType: string;
  /** What kind of artifact it is, if it is none that can be run. */
  readonly artifactType?: string;
  /** The image config, or whatever an artifact has in its place. */
  readonly config: Descriptor;
  /** From the bottom to the top. */
  readonly layers: readonly Descriptor[];
  /** The manifest that this one says something about. */
  readonly subject?: Descriptor;
  /** Facts of whoever wrote it. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A list of manifests by platform. */
export interface ImageIndex {
  /** Tells it from a manifest. */
  readonly kind: "index";
  /** OCI index or Docker list. */
  readonly mediaType: string;
  /** What kind of artifact it is, if it is none that can be run. */
  readonly artifactType?: string;
  /** The manifests, or further indexes. */
  readonly manifests: readonly Descriptor[];
  /** Facts of whoever wrote it. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Either of the two documents that a reference can point at. */
export type ImageDocument = Manifest | ImageIndex;

/**
 * Parses a manifest or an index.
 *
 * @param bytes the exact bytes, at most {@linkcode MANIFEST_MAX_BYTES}
 * @param mediaType what the descriptor or the host said it is; "" if neither did
 * @param where names the document in errors
 * @throws AppError `limit_exceeded`, `invalid_content`, or `unsupported` (schema 1, other documents)
 */
export function parseDocument(bytes: Uint8Array, mediaType: string, where: Where): ImageDocument {
  if (bytes.length > MANIFEST_MAX_BYTES) {
    throw new AppError(
      "limit_exceeded",
      `Cannot read ${where}: it has ${bytes.length} bytes, want at most ${MANIFEST_MAX_BYTES}`,
    );
  }
  const fields = parseJsonObject(bytes, where);
  const type = documentType(fields, essenceOf(mediaType), where);
  if (isIndexType(type)) return readIndex(fields, type, where);
  return readManifest(fields, type, where);
}

/** Decides what a document is; whatever it and its messenger say of it must agree. */
function documentType(fields: JsonObject, said: string, where: Where): string {
  // Two readers of such a document could each see another image (CVE-2021-41190).
  if (fields.manifests !== undefined && (fields.layers !== undefined || fields.config !== undefined)) {
    throw new AppError("invalid_content", `Cannot read ${where}: it is an index and a manifest at once`);
  }
  const own = optional(fields.mediaType, `${where}, mediaType`, asString) ?? "";
  if (fields.schemaVersion === 1 || isSchema1Type(own) || isSchema1Type(said)) {
    throw new AppError(
      "unsupported",
      `Cannot read ${where}: it is a Docker manifest of schema 1, which was retired; push the image again with a current tool`,
    );
  }
  if (fields.schemaVersion !== 2) {
    throw new AppError("invalid_content", `Cannot read ${where}: its schemaVersion is not 2`);
  }
  const known = isDocumentType(said) ? said : "";
  if (own !== "" && known !== "" && own !== known) {
    throw new AppError("invalid_content", `Cannot read ${where}: its mediaType is "${own}", want "${known}"`);
  }
  const type = own || known || guessType(fields);
  if (!isDocumentType(type)) {
    throw new AppError(
      "unsupported",
      `Cannot read ${where}: its mediaType "${type}" is no image manifest nor index`,
    );
  }
  if (isIndexType(type) !== (fields.manifests !== undefined)) {
    throw new AppError(
      "invalid_content",
      `Cannot read ${where}: its mediaType is "${type}", but its fields are not`,
    );
  }
  return type;
}

function isDocumentType(type: string): boolean {
  return isIndexType(type) || isManifestType(type);
}

/** For documents that nobody named: OCI made `mediaType` optional, and some hosts send `application/json`. */
function guessType(fields: JsonObject): string {
  if (fields.manifests !== undefined) return OCI_INDEX;
  const config = fields.config as JsonObject | null | undefined;
  const docker = typeof config?.mediaType === "string" && config.mediaType.includes("docker");
  return docker ? DOCKER_MANIFEST : OCI_MANIFEST;
}

function readManifest(fields: JsonObject, mediaType: string, where: Where): Manifest {
  return defined<Manifest>({
    kind: "manifest",
    mediaType,
    artifactType: optional(fields.artifactType, `${where}, artifactType`, asString),
    config: readDescriptor(fields.config, `${where}, config`),
    layers: readDescriptors(fields.layers ?? [], `${where}, layers`),
    subject: optional(fields.subject, `${where}, subject`, readDescriptor),
    annotations: optional(fields.annotations, `${where}, annotations`, asStringMap),
  });
}

function readIndex(fields: JsonObject, mediaType: string, where: Where): ImageIndex {
  return defined<ImageIndex>({
    kind: "index",
    mediaType,
    artifactType: optional(fields.artifactType, `${where}, artifactType`, asString),
    manifests: readDescriptors(fields.manifests, `${where}, manifests`),
    annotations: optional(fields.annotations, `${where}, annotations`, asStringMap),
  });
}

function readDescriptors(value: unknown, where: Where): readonly Descriptor[] {
  return asArray(value, where).map((item, i) => readDescriptor(item, `${where}[${i}]`));
}
