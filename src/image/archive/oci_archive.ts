/**
 * The images of an OCI layout: what its `index.json` names.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { ContentReader } from "../../content/store.ts";
import { type Descriptor, readDescriptor } from "../../oci/descriptor.ts";
import type { Manifest } from "../../oci/document.ts";
import { asArray, parseJsonObject } from "../../oci/json.ts";
import { type Platform, platformOfBuild, platformRanking, samePlatform } from "../../oci/platform.ts";
import { candidatesOf, walkIndexes } from "../model/choose.ts";
import { ReferenceWalker } from "../model/references.ts";
import { getDocument, type LoadedDocument } from "../model/documents.ts";
import { makeRecord, type NamelessRecord } from "../model/record.ts";
import { readDockerManifest } from "./docker_archive.ts";
import { type ArchivedImage, findMissingBlob, fullNameOf, missingBlobError } from "./archived_image.ts";
import { FULL_NAME, REF_NAME } from "./layout_index.ts";
import { neverAborted } from "../../base/abort.ts";

/**
 * Finds the images of a layout whose blobs are in the store.
 *
 * @param index `index.json`
 * @param docker `manifest.json`, for tags that only Docker's part of the archive tells
 * @throws AppError `invalid_content` for an index that is none, or an image that is not whole
 */
export async function layoutImages(
  store: ContentReader,
  index: Uint8Array,
  docker: Uint8Array | undefined,
): Promise<readonly ArchivedImage[]> {
  const fields = parseJsonObject(index, "index.json");
  const entries = asArray(fields.manifests ?? [], "index.json, manifests");
  const tags = docker === undefined ? new Map<string, readonly string[]>() : dockerTagsOf(docker);
  const images: ArchivedImage[] = [];
  for (const [i, entry] of entries.entries()) {
    const descriptor = readDescriptor(entry, `index.json, manifests[${i}]`);
    const { mediaType, digest, size, annotations = {} } = descriptor;
    const record = await recordOf(store, { mediaType, digest, size });
    const written = annotations[FULL_NAME] ?? annotations[REF_NAME];
    const name = written === undefined ? undefined : fullNameOf(written);
    const names = name === undefined ? tags.get(record.imageId) ?? [] : [name];
    images.push({ record, names, ...(written !== undefined && { hint: written }) });
  }
  return images;
}

/** Tags by image id, where `manifest.json` names configs as blobs of the layout. */
function dockerTagsOf(docker: Uint8Array): ReadonlyMap<string, readonly string[]> {
  const tags = new Map<string, readonly string[]>();
  for (const { config, tags: written } of readDockerManifest(docker)) {
    const id = config.replace(/^blobs\/([a-z0-9]+)\//, "$1:");
    tags.set(id, written.flatMap((tag) => fullNameOf(tag) ?? []));
  }
  return tags;
}

async function recordOf(store: ContentReader, target: Descriptor): Promise<NamelessRecord> {
  const walker = new ReferenceWalker(store);
  const load = async (descriptor: Descriptor): Promise<LoadedDocument> => {
    if (await store.findBlob(descriptor.digest) === undefined) {
      throw missingBlobError(target.digest, descriptor.digest);
    }
    return await getDocument(store, descriptor);
  };
  const top = await load(target);
  if (top.document.kind === "manifest") {
    const lack = await findMissingBlob(
      store,
      await walker.referencesOf({ target, manifest: target, scope: "one-platform" }),
    );
    if (lack !== undefined) throw missingBlobError(target.digest, lack);
    return await record(store, target, target, top.document, "one-platform");
  }
  // What `docker save` and `ctr image export` write has an index whose other platforms stayed at home.
  const indexes = await walkIndexes(top, (descriptor) => load(descriptor), neverAborted());
  const candidates = candidatesOf(
    indexes.flatMap(({ document }) => document.kind === "index" ? [document] : []),
  );
  const whole: Descriptor[] = [];
  let lack = target.digest as string;
  for (const { descriptor } of candidates) {
    const closure = await walker.referencesOf({
      target: descriptor,
      manifest: descriptor,
      scope: "one-platform",
    });
    const missing = await findMissingBlob(store, closure);
    if (missing === undefined) whole.push(descriptor);
    else lack = missing;
  }
  const chosen = forThisMachine(whole);
  if (chosen === undefined) throw missingBlobError(target.digest, lack);
  const all = await findMissingBlob(
    store,
    await walker.referencesOf({ target, manifest: chosen, scope: "all-platforms" }),
  );
  const { document } = await load(chosen);
  if (document.kind !== "manifest") {
    throw new AppError("invalid_content", `Cannot import "${chosen.digest}": want a manifest`);
  }
  return await record(
    store,
    target,
    chosen,
    document,
    all === undefined ? "all-platforms" : "one-platform",
    chosen.platform,
  );
}

function forThisMachine(whole: readonly Descriptor[]): Descriptor | undefined {
  for (const rank of platformRanking(platformOfBuild(Deno.build))) {
    const match = whole.find(({ platform }) => platform !== undefined && samePlatform(platform, rank));
    if (match !== undefined) return match;
  }
  return whole[0];
}

async function record(
  store: ContentReader,
  target: Descriptor,
  manifest: Descriptor,
  document: Manifest,
  scope: NamelessRecord["scope"],
  platform?: Platform,
): Promise<NamelessRecord> {
  return await makeRecord(store, {
    target,
    manifest,
    document,
    scope,
    origins: [],
    ...(platform && { platform }),
  });
}
