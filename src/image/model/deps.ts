/**
 * What the use-cases need: interfaces, so that each can be tried with fakes.
 *
 * @module
 */
import type { StartWorker } from "../../base/worker.ts";
import type { CredentialSource } from "../../content/credential.ts";
import type { ImageStore } from "../../content/image_store.ts";
import type { LayerStore } from "../../content/layer_store.ts";
import type { StoreMaintenance } from "../../content/maintenance.ts";
import type { Remote } from "../../content/remote.ts";
import type { AnonymousIngester, ContentStore } from "../../content/store.ts";
import type { Reference } from "../../oci/reference.ts";

/** Everything that a store can do. */
export interface ImageStorage
  extends ContentStore, AnonymousIngester, ImageStore, StoreMaintenance, LayerStore {}

/** Opens repositories at their registries. */
export interface RemoteOpener {
  /** The repository of a reference; `credentials` replace those that the opener was made with. */
  remote(reference: Reference, options?: { readonly credentials?: CredentialSource }): Remote;
}

/** What unpacking works on. */
export interface UnpackDeps {
  /** Where images are kept. */
  readonly store: ImageStorage;
  /** Starts the threads that decompress layers. @default none: that is done on the thread that we are on */
  readonly startWorker?: StartWorker;
}

/** What the use-cases work on. */
export interface ImageDeps extends UnpackDeps {
  /** Where they come from. */
  readonly registry: RemoteOpener;
}
