/**
 * Importing the images of an OCI layout.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { ContentReader } from "../../content/store.ts";
import { type Descriptor, readDescriptor, REF_NAME } from "../../oci/descriptor.ts";
import { findLink, TARGET_LINK } from "../../oci/descriptor_link.ts";
import type { Manifest } from "../../oci/document.ts";
import { asArray, parseJsonObject } from "../../oci/json.ts";
import { type Platform, platformOfBuild, platformRanking, samePlatform } from "../../oci/platform.ts";
import { candidatesOf, walkIndexes } from "../model/choose.ts";
import { listsManifest } from "../model/checked_records.ts";
import { documentFinder, type LoadedDocument, readDocument } from "../model/documents.ts";
import { ReferenceWalker } from "../model/references.ts";
import type { ReferencesKey } from "../model/references_cache.ts";
import { makeRecord, type NamelessRecord } from "../model/record.ts";
import { readDockerManifest } from "./docker_archive.ts";
import { type ArchivedImage, findMissingBlob, fullNameOf, missingBlobError } from "./archived_image.ts";
import { FULL_NAME } from "./layout_index.ts";
import { rootEntries } from "./layout_roots.ts";

/**
 * Makes records for the images that an `index.json` lists. Their blobs must be in the store. An entry that
 * another entry contains is part of that image; see {@linkcode rootEntries}.
 *
 * @param index content of `index.json`
 * @param docker content of `manifest.json`, for images whose names only Docker's part of the archive contains
 * @throws AppError `invalid_content` for an invalid index, or for an image with a missing blob
 */
export async function layoutImages(
  store: ContentReader,
  index: Uint8Array,
  docker: Uint8Array | undefined,
  signal: AbortSignal,
): Promise<readonly ArchivedImage[]> {
  const fields = parseJsonObject(index, "index.json");
  const entries = asArray(fields.manifests ?? [], "index.json, manifests");
  const tags = docker === undefined ? new Map<string, readonly string[]>() : dockerTagsOf(docker);
  const listed = entries.map((entry, i) => {
    const descriptor = readDescriptor(entry, `index.json, manifests[${i}]`);
    const { annotations = {} } = descriptor;
    return { descriptor, written: annotations[FULL_NAME] ?? annotations[REF_NAME] };
  });
  const images: ArchivedImage[] = [];
  for (const { descriptor, written } of await rootEntries(store, listed, signal)) {
    const { mediaType, digest, size, annotations = {} } = descriptor;
    const record = await withLinkedTarget(
      store,
      await recordTarget(store, { mediaType, digest, size }, signal),
      annotations,
    );
    const name = written === undefined ? undefined : fullNameOf(written);
    const names = name === undefined ? tags.get(record.imageId) ?? [] : [name];
    images.push({ record, names, ...(written !== undefined && { hint: written }) });
  }
  return images;
}

/** Returns the full names by image id, for entries of `manifest.json` that name configs as blobs of the layout. */
function dockerTagsOf(docker: Uint8Array): ReadonlyMap<string, readonly string[]> {
  const tags = new Map<string, readonly string[]>();
  for (const { config, tags: written } of readDockerManifest(docker)) {
    const id = config.replace(/^blobs\/([a-z0-9]+)\//, "$1:");
    tags.set(id, written.flatMap((tag) => fullNameOf(tag) ?? []));
  }
  return tags;
}

/**
 * An exported manifest names the index that it was chosen from. The name points at that index again, but only
 * if the archive has it and it lists the manifest.
 */
async function withLinkedTarget(
  store: ContentReader,
  record: NamelessRecord,
  annotations: Readonly<Record<string, string>>,
): Promise<NamelessRecord> {
  const { manifest } = record;
  if (record.target.digest !== manifest.digest) return record;
  const target = findLink(TARGET_LINK, annotations, "index.json");
  const find = documentFinder(store);
  const index = target && await find(target);
  if (target === undefined || index === undefined) return record;
  return await listsManifest(find, index, manifest.digest) ? { ...record, target } : record;
}

async function recordTarget(
  store: ContentReader,
  target: Descriptor,
  signal: AbortSignal,
): Promise<NamelessRecord> {
  const load = async (descriptor: Descriptor): Promise<LoadedDocument> => {
    if (await store.findBlob(descriptor.digest) === undefined) {
      throw missingBlobError(target.digest, descriptor.digest);
    }
    return await readDocument(store, descriptor);
  };
  const top = await load(target);
  if (top.document.kind === "manifest") return await recordManifest(store, target, top.document);
  return await recordIndex(store, top, load, signal);
}

async function recordManifest(
  store: ContentReader,
  target: Descriptor,
  document: Manifest,
): Promise<NamelessRecord> {
  const missing = await findMissing(store, { target, manifest: target, scope: "one-platform" });
  if (missing !== undefined) throw missingBlobError(target.digest, missing);
  return await makeRecord(store, { target, manifest: target, document, scope: "one-platform", origins: [] });
}

/** `docker save` and `ctr image export` write indexes with platforms that the archive doesn't contain. */
async function recordIndex(
  store: ContentReader,
  top: LoadedDocument,
  load: (descriptor: Descriptor) => Promise<LoadedDocument>,
  signal: AbortSignal,
): Promise<NamelessRecord> {
  const target = top.descriptor;
  const indexes = await walkIndexes(top, (descriptor) => load(descriptor), signal, () => {});
  const candidates = candidatesOf(
    indexes.flatMap(({ document }) => document.kind === "index" ? [document] : []),
  );
  const complete: Descriptor[] = [];
  let lastMissing: string = target.digest;
  for (const { descriptor } of candidates) {
    const missing = await findMissing(store, {
      target: descriptor,
      manifest: descriptor,
      scope: "one-platform",
    });
    if (missing === undefined) complete.push(descriptor);
    else lastMissing = missing;
  }
  const chosen = bestForThisMachine(complete);
  if (chosen === undefined) throw missingBlobError(target.digest, lastMissing);
  const missing = await findMissing(store, { target, manifest: chosen, scope: "all-platforms" });
  const { document } = await load(chosen);
  if (document.kind !== "manifest") {
    throw new AppError(
      "invalid_content",
      `Cannot import "${chosen.digest}": it is an index instead of a manifest`,
    );
  }
  return await makeRecord(store, {
    target,
    manifest: chosen,
    document,
    scope: missing === undefined ? "all-platforms" : "one-platform",
    ...(chosen.platform && { platform: chosen.platform }),
    origins: [],
  });
}

async function findMissing(store: ContentReader, key: ReferencesKey): Promise<string | undefined> {
  return await findMissingBlob(store, await new ReferenceWalker(store).referencesOf(key));
}

/** Returns the manifest for the platform of this machine, or else the first one. */
export function bestForThisMachine<T extends { readonly platform?: Platform }>(
  manifests: readonly T[],
): T | undefined {
  for (const rank of platformRanking(platformOfBuild(Deno.build))) {
    const match = manifests.find(({ platform }) => platform !== undefined && samePlatform(platform, rank));
    if (match !== undefined) return match;
  }
  return manifests[0];
}
