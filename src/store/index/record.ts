/**
 * Conversion between image records and descriptors of `index.json`.
 *
 * A record's descriptor names the document below which everything is stored: the chosen manifest if only one
 * platform was pulled, otherwise the target index. Every tool that follows the descriptor therefore finds all
 * content. The other fields of a record are annotations.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import { type Descriptor, readDigest, REF_NAME } from "../../oci/descriptor.ts";
import { annotationsOfLink, findLink, TARGET_LINK } from "../../oci/descriptor_link.ts";
import { asSize, asString, type JsonObject, optional, parseJsonObject } from "../../oci/json.ts";
import { type Platform, readPlatform } from "../../oci/platform.ts";

/** The prefix of our annotations. */
const OURS = "dev.dray.image.";

const ID = `${OURS}id`;
const KIND = `${OURS}kind`;
const SCOPE = `${OURS}scope`;
const SIZE = `${OURS}size`;
const PINNED = `${OURS}pinned`;
const PULLED_AT = `${OURS}pulled-at`;
/** Repositories, separated by spaces. */
const ORIGINS = `${OURS}origins`;
/** The platform as JSON, if the descriptor is an index, which can't have one. */
const PLATFORM = `${OURS}platform`;
/** The manifest if the descriptor is the target. */
const MANIFEST = `${OURS}manifest`;

type Annotations = Readonly<Record<string, string>>;

/**
 * The descriptor of a record.
 *
 * @param before the previous descriptor of the name, whose annotations of other tools are kept
 */
export function descriptorOf(record: ImageRecord, before?: JsonObject): JsonObject {
  const { target, manifest, platform } = record;
  const isWhole = record.scope === "all-platforms";
  const { mediaType, digest, size } = isWhole ? target : manifest;
  const other = isWhole ? annotationsOfLink(MANIFEST, manifest) : annotationsOfLink(TARGET_LINK, target);
  const carriesPlatform = digest === manifest.digest;
  const annotations: Annotations = {
    ...annotationsOfOthers(before),
    [REF_NAME]: record.name,
    [ID]: record.imageId,
    [KIND]: record.kind,
    [SCOPE]: record.scope,
    [SIZE]: String(record.size),
    [PULLED_AT]: new Date(record.pulledAt).toISOString(),
    ...(record.pinned ? { [PINNED]: "true" } : {}),
    ...(record.origins.length > 0 ? { [ORIGINS]: record.origins.join(" ") } : {}),
    ...(target.digest === manifest.digest ? {} : other),
    ...(platform !== undefined && !carriesPlatform ? { [PLATFORM]: JSON.stringify(platform) } : {}),
  };
  return {
    mediaType,
    digest,
    size,
    ...(platform !== undefined && carriesPlatform ? { platform } : {}),
    annotations,
  };
}

/**
 * The record of a descriptor; undefined if another tool wrote it or if some of our annotations are missing or
 * invalid. Such a descriptor stays unchanged in the index and is listed as unmanaged.
 */
export function recordFrom(raw: JsonObject): ImageRecord | undefined {
  const annotations = annotationsOf(raw);
  const name = annotations?.[REF_NAME];
  if (annotations?.[ID] === undefined || name === undefined) return undefined;
  try {
    return readRecord(name, raw, annotations);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

/** The name of a descriptor of any tool. */
export function refNameOf(raw: JsonObject): string | undefined {
  return annotationsOf(raw)?.[REF_NAME];
}

function readRecord(name: string, raw: JsonObject, annotations: Annotations): ImageRecord {
  const own = readBare(raw, name);
  const scope = annotations[SCOPE] === "all-platforms" ? "all-platforms" : "one-platform";
  const isWhole = scope === "all-platforms";
  const platform = platformIn(raw, annotations, name);
  const target = isWhole ? own : findLink(TARGET_LINK, annotations, name) ?? own;
  const manifest = isWhole ? findLink(MANIFEST, annotations, name) ?? own : own;
  checkDigestOf(name, target);
  const kind = annotations[KIND] === "artifact" ? "artifact" : "image";
  const id = readDigest(annotations[ID], name);
  return {
    name,
    target,
    manifest,
    scope,
    // Older versions recorded the digest of an artifact's config, which unrelated artifacts share.
    imageId: kind === "artifact" ? manifest.digest : id,
    kind,
    ...(platform === undefined ? {} : { platform }),
    size: asSize(Number(annotations[SIZE]), name),
    pinned: annotations[PINNED] === "true",
    pulledAt: asSize(Date.parse(annotations[PULLED_AT] ?? ""), name),
    origins: annotations[ORIGINS]?.split(" ").filter((origin) => origin !== "") ?? [],
  };
}

/**
 * Otherwise a forged index could offer any content under the digest of an image that a client trusts.
 *
 * @throws AppError `invalid_content` if a name has another digest than its target
 */
function checkDigestOf(name: string, { digest }: Descriptor): void {
  const at = name.indexOf("@");
  if (at < 0 || name.slice(at + 1) === digest) return;
  throw new AppError("invalid_content", `Cannot read name "${name}": its target has the digest "${digest}"`);
}

function platformIn(raw: JsonObject, annotations: Annotations, name: string): Platform | undefined {
  const text = annotations[PLATFORM];
  if (text === undefined) return optional(raw.platform, name, readPlatform);
  return readPlatform(parseJsonObject(new TextEncoder().encode(text), name), name);
}

/** Reads only the fields that a record needs, because an index can be long. */
function readBare(raw: JsonObject, name: string): Descriptor {
  return {
    mediaType: asString(raw.mediaType, name),
    digest: readDigest(raw.digest, name),
    size: asSize(raw.size, name),
  };
}

/** The annotations if they are valid: strings by name. */
function annotationsOf(raw: JsonObject): Annotations | undefined {
  const value = raw.annotations;
  if (typeof value !== "object" || value === null) return undefined;
  for (const key of Object.keys(value)) {
    if (typeof (value as JsonObject)[key] !== "string") return undefined;
  }
  return value as Annotations;
}

function annotationsOfOthers(raw: JsonObject | undefined): Annotations {
  const all = raw === undefined ? undefined : annotationsOf(raw);
  return Object.fromEntries(Object.entries(all ?? {}).filter(([key]) => !key.startsWith(OURS)));
}
