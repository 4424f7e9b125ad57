/**
 * The events of a pull: for terminal output, `--progress=json`, CRI and library users.
 *
 * @module
 */
import type { Digest } from "../../oci/digest.ts";
import type { Platform } from "../../oci/platform.ts";

/** The role of a blob in its image. */
export type BlobRole = "index" | "manifest" | "config" | "layer";

/** A blob of a plan. Each digest appears once, even if the image references it several times. */
export interface PlannedBlob {
  /** Digest of the blob. */
  readonly digest: Digest;
  /** Size in bytes. */
  readonly size: number;
  /** Media type according to the image. */
  readonly mediaType: string;
  /** Role in the image. */
  readonly role: BlobRole;
}

/**
 * The state of a blob:
 *
 * - `waiting`: queued, or another process is fetching it
 * - `fetching`
 * - `committing`: all bytes have been received and are being synced
 * - `committed`: stored by this pull
 * - `present`: stored by another pull
 * - `unpacking`, `unpacked`: only layers of a pull with `unpack`
 */
export type BlobState =
  | "waiting"
  | "fetching"
  | "committing"
  | "committed"
  | "present"
  | "unpacking"
  | "unpacked";

/** An event of a pull. Sizes and offsets are bytes. */
export type PullEvent =
  /** The pull has waited for more than one second while `rm` or `gc` sweeps the store. The next event ends the wait. */
  | { readonly kind: "waiting"; readonly for: "collector" }
  /** The pull has waited for more than one second while another pull writes the blob, in this or another process. */
  | { readonly kind: "waiting"; readonly for: "writer"; readonly digest: Digest }
  /** The reference is being resolved. */
  | { readonly kind: "resolving"; readonly name: string }
  /** The reference points at the digest, according to the host. */
  | { readonly kind: "resolved"; readonly name: string; readonly digest: Digest; readonly host: string }
  /** The manifest of a platform was chosen. */
  | {
    readonly kind: "selected";
    readonly name: string;
    readonly digest: Digest;
    readonly platform?: Platform;
  }
  /** All blobs of the image in its order, including those that are already stored. */
  | { readonly kind: "planned"; readonly name: string; readonly blobs: readonly PlannedBlob[] }
  /** The state of a blob changed. */
  | {
    readonly kind: "blob";
    readonly digest: Digest;
    readonly state: BlobState;
    /** Bytes received so far, including those of earlier pulls. */
    readonly offset: number;
    readonly size: number;
    /** The host that serves the blob, while `fetching`. */
    readonly host?: string;
  }
  /** More bytes of a blob were received. Sent for every write. */
  | { readonly kind: "bytes"; readonly digest: Digest; readonly offset: number; readonly size: number }
  /** A request failed: connection error, stall or timeout. It is retried after `delayMs` and resumes at `offset`. */
  | {
    readonly kind: "retry";
    /** Undefined while the reference is being resolved. */
    readonly digest?: Digest;
    /** Number of the retry, from 1. */
    readonly attempt: number;
    readonly offset: number;
    readonly delayMs: number;
    readonly reason: string;
  }
  /** The bytes received so far were discarded, and the blob is fetched from byte 0. */
  | { readonly kind: "restart"; readonly digest: Digest; readonly reason: string }
  /** A problem that doesn't stop the pull. */
  | { readonly kind: "warning"; readonly message: string }
  /** The image is complete and its names are recorded. */
  | {
    readonly kind: "recorded";
    readonly name: string;
    readonly names: readonly string[];
    readonly imageId: Digest;
  };

/** Receives events. Must return quickly and must not throw. */
export type PullListener = (event: PullEvent) => void;
