/**
 * The interfaces that the image operations depend on; tests replace them with fakes.
 *
 * @module
 */
import type { StartWorker } from "../../base/concurrency/worker.ts";
import type { CredentialSource } from "../../content/credential.ts";
import type { ImageStore } from "../../content/image_store.ts";
import type { LayerStore } from "../../content/layer_store.ts";
import type { StoreMaintenance } from "../../content/maintenance.ts";
import type { Remote } from "../../content/remote.ts";
import type { AnonymousIngester, ContentStore } from "../../content/store.ts";
import type { Reference } from "../../oci/reference.ts";

/** All capabilities of a store. */
export interface ImageStorage
  extends ContentStore, AnonymousIngester, ImageStore, StoreMaintenance, LayerStore {}

/** Gives access to repositories in registries. */
export interface RemoteOpener {
  /** Returns the repository of a reference; `credentials` replace the default ones. Sends no request. */
  remote(reference: Reference, options?: { readonly credentials?: CredentialSource }): Remote;
}

/** Dependencies of operations that unpack layers. */
export interface UnpackDeps {
  readonly store: ImageStorage;
  /** Starts worker threads that decompress layers. @default none: layers are decompressed on the calling thread */
  readonly startWorker?: StartWorker;
}

/** Dependencies of the image operations. */
export interface ImageDeps extends UnpackDeps {
  readonly registry: RemoteOpener;
}
