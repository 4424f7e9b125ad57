/**
 * An in-memory cache of image metadata that records don't contain and lists need.
 *
 * @module
 */
import { mapBounded } from "../../base/concurrency/limiter.ts";
import type { ContentReader } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { type DocumentFinder, documentFinder, readDocument } from "./documents.ts";
import { readConfig } from "./inspect.ts";
import type { ImageSummary } from "./types.ts";

/** Metadata from a manifest and its config. */
export interface ImageMetadata {
  /** `User` of the config, unparsed; undefined if the config has none. */
  readonly user?: string;
  /** Annotations of the manifest. */
  readonly annotations: Readonly<Record<string, string>>;
  /** The config and the layers. */
  readonly content: readonly Pick<Descriptor, "digest" | "size">[];
}

/** The part of an image that locates its metadata. */
export type MetadataKey = Pick<ImageSummary, "manifest" | "kind">;

const NO_METADATA: ImageMetadata = { annotations: {}, content: [] };
/** Manifests read in parallel: enough that disk reads and hashing overlap. */
const PARALLEL_READS = 16;

/** Reads the metadata of each manifest once. */
export class MetadataCache {
  readonly #store: ContentReader;
  readonly #onProblem: (error: unknown, manifest: Descriptor) => void;
  readonly #metadata = new Map<Digest, ImageMetadata>();

  /** @param onProblem called for each image whose documents can't be read; it has no metadata until they can */
  constructor(store: ContentReader, onProblem: (error: unknown, manifest: Descriptor) => void) {
    this.#store = store;
    this.#onProblem = onProblem;
  }

  /** Returns metadata that has been loaded. It never changes, because manifests don't. */
  find({ manifest }: MetadataKey): ImageMetadata | undefined {
    return this.#metadata.get(manifest.digest);
  }

  /**
   * Loads the missing metadata of these images, and deletes that of all others. A damaged image isn't an error: the
   * next call tries to read it again.
   *
   * @param find finds manifests; pass a finder that has read them already
   * @returns whether all of the images have metadata now
   * @throws the signal's reason
   */
  async load(
    images: readonly MetadataKey[],
    signal: AbortSignal,
    find: DocumentFinder = documentFinder(this.#store),
  ): Promise<boolean> {
    const missing = images.filter(({ manifest }) => !this.#metadata.has(manifest.digest));
    let isComplete = true;
    await mapBounded(missing, PARALLEL_READS, async (image) => {
      try {
        this.#metadata.set(image.manifest.digest, await readMetadata(this.#store, find, image));
      } catch (error) {
        isComplete = false;
        this.#onProblem(error, image.manifest);
      }
    }, signal);
    this.#keepOnly(images);
    return isComplete;
  }

  #keepOnly(images: readonly MetadataKey[]): void {
    if (this.#metadata.size <= images.length) return;
    const retained = new Set(images.map(({ manifest }) => manifest.digest));
    for (const digest of this.#metadata.keys()) if (!retained.has(digest)) this.#metadata.delete(digest);
  }
}

/** @throws AppError `store_corrupt`, `invalid_content` */
async function readMetadata(
  store: ContentReader,
  find: DocumentFinder,
  { manifest, kind }: MetadataKey,
): Promise<ImageMetadata> {
  const { document } = await find(manifest) ?? await readDocument(store, manifest);
  if (document.kind !== "manifest") return NO_METADATA;
  const annotations = document.annotations ?? {};
  const content = [document.config, ...document.layers].map(({ digest, size }) => ({ digest, size }));
  if (kind !== "image") return { annotations, content };
  const { User } = (await readConfig(store, document)).config;
  return User === undefined ? { annotations, content } : { annotations, content, user: User };
}
