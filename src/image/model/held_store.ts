/**
 * A store in which an operation holds each digest before it uses it.
 *
 * A collection may delete content that no record references until an operation holds it. Operations therefore use the
 * store only through this view: it can't forget to hold a digest before it checks whether the content is stored.
 *
 * @module
 */
import type { OnSlowWait } from "../../base/concurrency/slow_wait.ts";
import type { ContentHold } from "../../content/maintenance.ts";
import type { Digest } from "../../oci/digest.ts";
import type { ImageStorage } from "./deps.ts";

/** A store and the hold of an operation. Dispose it after the transaction that records the content. */
export interface HeldStore extends ImageStorage, Disposable {
  /**
   * Holds many digests in one step, before they are used one by one. In a process that may not write to the
   * store, this holds all content, also without digests: call it before the image is found.
   */
  hold(digests: Iterable<Digest>): Promise<void>;
}

/** Begins an operation on a store. */
export function holdingStore(store: ImageStorage, signal: AbortSignal, onWait?: OnSlowWait): HeldStore {
  const hold: ContentHold = store.beginHold(signal, onWait);
  async function held(digest: Digest): Promise<ImageStorage> {
    await hold.add([digest]);
    return store;
  }
  return {
    hold: (digests) => hold.add(digests),
    findBlob: async (digest) => (await held(digest)).findBlob(digest),
    openBlob: async (digest) => (await held(digest)).openBlob(digest),
    readBlob: async (digest, limit) => (await held(digest)).readBlob(digest, limit),
    beginIngest: async (descriptor, own, onWait) =>
      (await held(descriptor.digest)).beginIngest(descriptor, own, onWait),
    beginReplacement: async (descriptor, own) =>
      (await held(descriptor.digest)).beginReplacement(descriptor, own),
    async beginAnonymous() {
      const ingest = await store.beginAnonymous();
      return {
        write: (bytes) => ingest.write(bytes),
        commit: (onDigest) =>
          ingest.commit(async (digest) => {
            await hold.add([digest]);
            await onDigest?.(digest);
          }),
        [Symbol.asyncDispose]: () => ingest[Symbol.asyncDispose](),
      };
    },
    findLayer: async (chainId) => (await held(chainId)).findLayer(chainId),
    stageLayer: async (chainId, mode, own) => (await held(chainId)).stageLayer(chainId, mode, own),
    listImages: () => store.listImages(),
    listUnmanaged: () => store.listUnmanaged(),
    updateImages: (change, own) => store.updateImages(change, own),
    listBlobs: () => store.listBlobs(),
    listIngests: () => store.listIngests(),
    listLayers: () => store.listLayers(),
    measureLayer: (chainId) => store.measureLayer(chainId),
    tallyLayer: (layer) => store.tallyLayer(layer),
    listLayerRemains: () => store.listLayerRemains(),
    deleteLayerRemains: () => store.deleteLayerRemains(),
    removeLayer: (chainId) => store.removeLayer(chainId),
    removeBlob: (digest) => store.removeBlob(digest),
    removeIngest: (digest) => store.removeIngest(digest),
    usage: () => store.usage(),
    beginHold: (own, onWait) => store.beginHold(own, onWait),
    beginSweep: (own) => store.beginSweep(own),
    [Symbol.dispose]: () => hold[Symbol.dispose](),
  };
}
