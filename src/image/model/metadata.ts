/**
 * Facts about images that their records leave out and that lists want all the same, kept in memory.
 *
 * @module
 */
import { mapBounded } from "../../base/limiter.ts";
import type { ContentReader } from "../../content/store.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { Digest } from "../../oci/digest.ts";
import { getDocument } from "./documents.ts";
import { readConfig } from "./inspect.ts";
import type { ImageSummary } from "./types.ts";

/** What a manifest and its config say. */
export interface ImageMetadata {
  /** `User` of the config as it is written; undefined if it says nothing. */
  readonly user?: string;
  /** Annotations of the manifest. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** The part of an image that says where its facts are. */
export type MetadataKey = Pick<ImageSummary, "manifest" | "kind">;

/** What is said of an image whose documents can't be read. */
const NOTHING: ImageMetadata = { annotations: {} };
/** Manifests read at once: enough that the disk and the hashing never wait for each other. */
const READS = 16;

/** Reads facts once for each manifest. */
export class MetadataCache {
  readonly #store: ContentReader;
  readonly #onProblem: (error: unknown, manifest: Descriptor) => void;
  readonly #facts = new Map<Digest, ImageMetadata>();

  /** @param onProblem hears of documents that can't be read; their images have no facts until they can be */
  constructor(store: ContentReader, onProblem: (error: unknown, manifest: Descriptor) => void) {
    this.#store = store;
    this.#onProblem = onProblem;
  }

  /** Facts that were loaded. Manifests never change, so neither do these. */
  find({ manifest }: MetadataKey): ImageMetadata | undefined {
    return this.#facts.get(manifest.digest);
  }

  /**
   * Loads what is missing for these images, and forgets all others. It fails for no image: one that is damaged has
   * no facts this time.
   *
   * @returns whether all of them have facts now
   * @throws the signal's reason
   */
  async load(images: readonly MetadataKey[], signal: AbortSignal): Promise<boolean> {
    const missing = images.filter(({ manifest }) => !this.#facts.has(manifest.digest));
    let isWhole = true;
    await mapBounded(missing, READS, async (image) => {
      try {
        this.#facts.set(image.manifest.digest, await readFacts(this.#store, image));
      } catch (error) {
        isWhole = false;
        this.#onProblem(error, image.manifest);
      }
    }, signal);
    this.#forget(images);
    return isWhole;
  }

  #forget(images: readonly MetadataKey[]): void {
    if (this.#facts.size <= images.length) return;
    const living = new Set(images.map(({ manifest }) => manifest.digest));
    for (const digest of this.#facts.keys()) if (!living.has(digest)) this.#facts.delete(digest);
  }
}

/** @throws AppError `store_corrupt`, `invalid_content` */
async function readFacts(store: ContentReader, { manifest, kind }: MetadataKey): Promise<ImageMetadata> {
  const { document } = await getDocument(store, manifest);
  if (document.kind !== "manifest") return NOTHING;
  const annotations = document.annotations ?? {};
  if (kind !== "image") return { annotations };
  const { User } = (await readConfig(store, document)).config;
  return User === undefined ? { annotations } : { annotations, user: User };
}
