/**
 * Image records as descriptors of `index.json`, and back.
 *
 * A record's descriptor is what is complete in the store: the chosen manifest when that alone was pulled, the target
 * index when everything below it was. So every tool that follows the descriptor finds all it needs. The other facts
 * are annotations.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { ImageRecord } from "../../content/image_store.ts";
import { REF_NAME } from "../../oci/annotations.ts";
import { type Descriptor, readDigest } from "../../oci/descriptor.ts";
import { asSize, asString, type JsonObject, optional, parseJsonObject } from "../../oci/json.ts";
import { type Platform, readPlatform } from "../../oci/platform.ts";

/** What our annotations begin with. */
const OURS = "dev.dray.image.";

const ID = `${OURS}id`;
const KIND = `${OURS}kind`;
const SCOPE = `${OURS}scope`;
const SIZE = `${OURS}size`;
const PINNED = `${OURS}pinned`;
const PULLED_AT = `${OURS}pulled-at`;
/** Repositories, a space between two: none has one in it. */
const ORIGINS = `${OURS}origins`;
/** The platform as JSON, where the descriptor is an index and can't have one. */
const PLATFORM = `${OURS}platform`;
/** The target, where the descriptor is the manifest; and the manifest, where the descriptor is the target. */
const TARGET = `${OURS}target`;
const MANIFEST = `${OURS}manifest`;

type Annotations = Readonly<Record<string, string>>;

/**
 * The descriptor that stands for a record.
 *
 * @param before the descriptor that the name had: annotations of other tools are kept
 */
export function descriptorOf(record: ImageRecord, before?: JsonObject): JsonObject {
  const { target, manifest, platform } = record;
  const isWhole = record.scope === "all-platforms";
  const { mediaType, digest, size } = isWhole ? target : manifest;
  const other = isWhole ? linkTo(MANIFEST, manifest) : linkTo(TARGET, target);
  const carriesPlatform = digest === manifest.digest;
  const annotations: Annotations = {
    ...foreignAnnotations(before),
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
 * The record that a descriptor stands for; undefined if it is another tool's, or lost some of our annotations: then it
 * is kept as it is and known as foreign.
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

/** The name that a descriptor goes by, whoever wrote it. */
export function refNameOf(raw: JsonObject): string | undefined {
  return annotationsOf(raw)?.[REF_NAME];
}

function readRecord(name: string, raw: JsonObject, annotations: Annotations): ImageRecord {
  const own = readBare(raw, name);
  const scope = annotations[SCOPE] === "all-platforms" ? "all-platforms" : "one-platform";
  const isWhole = scope === "all-platforms";
  const platform = platformIn(raw, annotations, name);
  return {
    name,
    target: isWhole ? own : linkIn(TARGET, annotations, name) ?? own,
    manifest: isWhole ? linkIn(MANIFEST, annotations, name) ?? own : own,
    scope,
    imageId: readDigest(annotations[ID], name),
    kind: annotations[KIND] === "artifact" ? "artifact" : "image",
    ...(platform === undefined ? {} : { platform }),
    size: asSize(Number(annotations[SIZE]), name),
    pinned: annotations[PINNED] === "true",
    pulledAt: asSize(Date.parse(annotations[PULLED_AT] ?? ""), name),
    origins: annotations[ORIGINS]?.split(" ").filter((origin) => origin !== "") ?? [],
  };
}

function platformIn(raw: JsonObject, annotations: Annotations, name: string): Platform | undefined {
  const text = annotations[PLATFORM];
  if (text === undefined) return optional(raw.platform, name, readPlatform);
  return readPlatform(parseJsonObject(new TextEncoder().encode(text), name), name);
}

/** The three fields that a record keeps of a descriptor, read without building anything else: lists can be long. */
function readBare(raw: JsonObject, name: string): Descriptor {
  return {
    mediaType: asString(raw.mediaType, name),
    digest: readDigest(raw.digest, name),
    size: asSize(raw.size, name),
  };
}

function linkTo(key: string, { mediaType, digest, size }: Descriptor): Annotations {
  return { [`${key}.digest`]: digest, [`${key}.media-type`]: mediaType, [`${key}.size`]: String(size) };
}

function linkIn(key: string, annotations: Annotations, name: string): Descriptor | undefined {
  const digest = annotations[`${key}.digest`];
  if (digest === undefined) return undefined;
  const mediaType = annotations[`${key}.media-type`];
  return readBare({ mediaType, digest, size: Number(annotations[`${key}.size`]) }, name);
}

/** The annotations, if they are what the spec says: texts by name. */
function annotationsOf(raw: JsonObject): Annotations | undefined {
  const value = raw.annotations;
  if (typeof value !== "object" || value === null) return undefined;
  for (const key of Object.keys(value)) {
    if (typeof (value as JsonObject)[key] !== "string") return undefined;
  }
  return value as Annotations;
}

function foreignAnnotations(raw: JsonObject | undefined): Annotations {
  const all = raw === undefined ? undefined : annotationsOf(raw);
  return Object.fromEntries(Object.entries(all ?? {}).filter(([key]) => !key.startsWith(OURS)));
}
