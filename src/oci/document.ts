/**
 * Manifests and indexes in OCI and Docker formats (OCI image spec 1.1, manifest.md and image-index.md; Docker
 * image manifest v2 schema 2).
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
  type JsonLocation,
  type JsonObject,
  optional,
  parseJsonObject,
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

/** An index with more invalid entries is invalid as a whole: 4 MiB could hold a million of them. */
const INVALID_ENTRIES_MAX = 100;

/** The manifest of one image or artifact. */
export interface Manifest {
  /** Distinguishes it from an index. */
  readonly kind: "manifest";
  /** The media type: OCI or Docker manifest. */
  readonly mediaType: string;
  /** The artifact type, for artifacts that aren't container images. */
  readonly artifactType?: string;
  /** The image config, or another config for an artifact. */
  readonly config: Descriptor;
  /** The layers from the bottom to the top. */
  readonly layers: readonly Descriptor[];
  /** The manifest that this one refers to (manifest.md, "subject"). */
  readonly subject?: Descriptor;
  /** Annotations of the document. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** An index: a list of manifests, usually one per platform. */
export interface ImageIndex {
  /** Distinguishes it from a manifest. */
  readonly kind: "index";
  /** The media type: OCI index or Docker manifest list. */
  readonly mediaType: string;
  /** The artifact type, for artifacts that aren't container images. */
  readonly artifactType?: string;
  /** Descriptors of manifests or nested indexes. */
  readonly manifests: readonly Descriptor[];
  /** Errors of entries that aren't valid descriptors. They don't make the other entries unusable. */
  readonly invalidEntries?: readonly AppError[];
  /** Annotations of the document. */
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A document that a reference can point to. */
export type ImageDocument = Manifest | ImageIndex;

/**
 * Parses a manifest or an index.
 *
 * @param bytes the exact bytes, at most {@linkcode MANIFEST_MAX_BYTES}
 * @param mediaType from the descriptor or the response; "" if neither has one
 * @param location names the document in errors
 * @throws AppError `limit_exceeded`, `invalid_content`, or `unsupported` (schema 1, unknown media types)
 */
export function parseDocument(bytes: Uint8Array, mediaType: string, location: JsonLocation): ImageDocument {
  if (bytes.length > MANIFEST_MAX_BYTES) {
    throw new AppError(
      "limit_exceeded",
      `Cannot read ${location}: it has ${bytes.length} bytes, but the limit is ${MANIFEST_MAX_BYTES}`,
    );
  }
  const fields = parseJsonObject(bytes, location);
  const type = documentType(fields, essenceOf(mediaType), location);
  if (isIndexType(type)) return readIndex(fields, type, location);
  return readManifest(fields, type, location);
}

/** Determines the media type. The document's own field and the expected type must agree. */
function documentType(fields: JsonObject, expected: string, location: JsonLocation): string {
  // Go encoders write null for unset fields.
  const hasManifests = (fields.manifests ?? undefined) !== undefined;
  const hasContent = (fields.layers ?? fields.config ?? undefined) !== undefined;
  // Two readers could interpret such a document as different images (CVE-2021-41190).
  if (hasManifests && hasContent) {
    throw new AppError(
      "invalid_content",
      `Cannot read ${location}: it has the fields of both an index and a manifest`,
    );
  }
  const stated = optional(fields.mediaType, `${location}, mediaType`, asString) ?? "";
  const version = fields.schemaVersion ?? undefined;
  // Some registries send the type of schema 1 with every manifest.
  if (version === 1 || isSchema1Type(stated) || isSchema1Type(expected) && version === undefined) {
    throw new AppError(
      "unsupported",
      `Cannot read ${location}: Docker manifest schema 1 is not supported; push the image again with a current tool`,
    );
  }
  const known = isDocumentType(expected) ? expected : "";
  if (version !== 2 && (version !== undefined || stated === "" && known === "")) {
    throw new AppError("invalid_content", `Cannot read ${location}: schemaVersion is not 2`);
  }
  // An OCI type for a Docker document, or the reverse, is a common mistake of registries, and harmless.
  const isOtherKind = isIndexType(stated) !== isIndexType(known) || !isDocumentType(stated);
  if (stated !== "" && known !== "" && isOtherKind) {
    throw new AppError(
      "invalid_content",
      `Cannot read ${location}: its mediaType is "${stated}", but expected "${known}"`,
    );
  }
  const type = stated || known || guessType(fields);
  if (!isDocumentType(type)) {
    throw new AppError(
      "unsupported",
      `Cannot read ${location}: mediaType "${type}" is neither a manifest nor an index`,
    );
  }
  if (isIndexType(type) ? hasContent : hasManifests) {
    throw new AppError(
      "invalid_content",
      `Cannot read ${location}: its fields don't match its mediaType "${type}"`,
    );
  }
  return type;
}

function isDocumentType(type: string): boolean {
  return isIndexType(type) || isManifestType(type);
}

/**
 * For documents without a usable type: `mediaType` is optional in OCI, and some registries send
 * `application/json`.
 */
function guessType(fields: JsonObject): string {
  if (fields.manifests !== undefined) return OCI_INDEX;
  const config = fields.config as JsonObject | null | undefined;
  const docker = typeof config?.mediaType === "string" && config.mediaType.includes("docker");
  return docker ? DOCKER_MANIFEST : OCI_MANIFEST;
}

function readManifest(fields: JsonObject, mediaType: string, location: JsonLocation): Manifest {
  return defined<Manifest>({
    kind: "manifest",
    mediaType,
    artifactType: optional(fields.artifactType, `${location}, artifactType`, asString),
    config: readDescriptor(fields.config, `${location}, config`),
    layers: readDescriptors(fields.layers ?? [], `${location}, layers`),
    subject: optional(fields.subject, `${location}, subject`, readDescriptor),
    annotations: optional(fields.annotations, `${location}, annotations`, asStringMap),
  });
}

function readIndex(fields: JsonObject, mediaType: string, location: JsonLocation): ImageIndex {
  const manifests: Descriptor[] = [];
  const invalidEntries: AppError[] = [];
  for (const [i, entry] of asArray(fields.manifests ?? [], `${location}, manifests`).entries()) {
    try {
      manifests.push(readDescriptor(entry, `${location}, manifests[${i}]`));
    } catch (error) {
      if (!(error instanceof AppError) || invalidEntries.length === INVALID_ENTRIES_MAX) throw error;
      invalidEntries.push(error);
    }
  }
  return defined<ImageIndex>({
    kind: "index",
    mediaType,
    artifactType: optional(fields.artifactType, `${location}, artifactType`, asString),
    manifests,
    invalidEntries: invalidEntries.length === 0 ? undefined : invalidEntries,
    annotations: optional(fields.annotations, `${location}, annotations`, asStringMap),
  });
}

function readDescriptors(value: unknown, location: JsonLocation): readonly Descriptor[] {
  return asArray(value, location).map((item, i) => readDescriptor(item, `${location}[${i}]`));
}
