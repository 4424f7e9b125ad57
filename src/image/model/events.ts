/**
 * What a pull tells while it runs. The same events feed the bars of a terminal, `--progress=json` and the library.
 *
 * @module
 */
import type { Digest } from "../../oci/digest.ts";
import type { Platform } from "../../oci/platform.ts";

/** What a blob is in its image. */
export type BlobRole = "index" | "manifest" | "config" | "layer";

/** One blob of a plan. Each digest is there once, however often the image names it. */
export interface PlannedBlob {
  /** What its bytes hash to. */
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** What its bytes are. */
  readonly mediaType: string;
  /** What it is in the image. */
  readonly role: BlobRole;
}

/**
 * Where a blob is on its way: `waiting` for a place or for another process that fetches it, `fetching`,
 * `committing` (all bytes are here and are being made durable), `committed` by this pull, or `present` in the store
 * without this pull's doing. A layer that is to be unpacked goes on: `unpacking`, and `unpacked` when it is ready.
 */
export type BlobState =
  | "waiting"
  | "fetching"
  | "committing"
  | "committed"
  | "present"
  | "unpacking"
  | "unpacked";

/** An event of a pull. */
export type PullEvent =
  /**
   * For more than a second nothing can go on, since somebody else is at it: `rm` or `gc` sweeps the store, or another
   * pull, of any process, writes the blob. What comes next says that it is over.
   */
  | { readonly kind: "waiting"; readonly for: "collector" }
  | { readonly kind: "waiting"; readonly for: "writer"; readonly digest: Digest }
  /** The registry is being asked what the reference points at. */
  | { readonly kind: "resolving"; readonly name: string }
  /** It answered. */
  | { readonly kind: "resolved"; readonly name: string; readonly digest: Digest; readonly host: string }
  /** A platform was chosen in an index. */
  | {
    readonly kind: "selected";
    readonly name: string;
    readonly digest: Digest;
    readonly platform?: Platform;
  }
  /** These are all blobs that the pull wants, in the image's order, whether they are here or not. */
  | { readonly kind: "planned"; readonly name: string; readonly blobs: readonly PlannedBlob[] }
  /** A blob came into a state. `offset` counts the bytes that are here. */
  | {
    readonly kind: "blob";
    readonly digest: Digest;
    readonly state: BlobState;
    readonly offset: number;
    readonly size: number;
    /** Who serves it, while `fetching`. */
    readonly host?: string;
  }
  /** More bytes of a blob are here. Comes as often as bytes are written. */
  | { readonly kind: "bytes"; readonly digest: Digest; readonly offset: number; readonly size: number }
  /** A connection broke, was too slow or never answered; another one goes on at `offset` after `delayMs`. */
  | {
    readonly kind: "retry";
    /** Of the blob; none while the reference is being resolved. */
    readonly digest?: Digest;
    readonly attempt: number;
    readonly offset: number;
    readonly delayMs: number;
    readonly reason: string;
  }
  /** A blob's bytes so far were thrown away, and it is fetched from zero. */
  | { readonly kind: "restart"; readonly digest: Digest; readonly reason: string }
  /** Something that the user should know and that stops nothing. */
  | { readonly kind: "warning"; readonly message: string }
  /** The image is whole and has its names. */
  | {
    readonly kind: "recorded";
    readonly name: string;
    readonly names: readonly string[];
    readonly imageId: Digest;
  };

/** Hears events. It must return quickly and must not throw. */
export type PullListener = (event: PullEvent) => void;
