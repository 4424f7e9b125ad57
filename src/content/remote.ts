/**
 * The contracts of what stands for a registry: names to descriptors, descriptors to bytes.
 *
 * @module
 */
import type { ByteReader } from "../base/bytes.ts";
import type { CredentialSource } from "./credential.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { ImageDocument } from "../oci/document.ts";
import type { Reference } from "../oci/reference.ts";

/** What a reference points at. */
export interface Resolved {
  /** The top descriptor: its size is that of the document. */
  readonly descriptor: Descriptor;
  /** The document's bytes, verified against the descriptor, if the host sent them along. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** What `bytes` say, where that was read already. */
  readonly document?: ImageDocument;
  /** The host that answered, for people: `registry-1.docker.io`. */
  readonly host: string;
}

/** Names to descriptors. */
export interface Resolver {
  /**
   * Asks what a reference points at. A reference with a digest is only asked for by that digest.
   *
   * @param onRetry hears of attempts that failed and are made again
   * @throws AppError `not_found`, `unauthorized`, `forbidden`, `rate_limited`, `network`, `digest_mismatch`,
   * `limit_exceeded`, or the signal's reason
   */
  resolve(
    reference: Reference,
    signal: AbortSignal,
    onRetry?: (event: TransferRetry) => void,
  ): Promise<Resolved>;
  /**
   * Asks the same without the document's bytes where the host can: for who wants the digest alone. It does not count
   * as a pull at hosts that count them.
   *
   * @throws AppError as {@linkcode Resolver.resolve}
   */
  resolveDigest(reference: Reference, signal: AbortSignal): Promise<Resolved>;
}

/** A connection broke, was too slow or never answered, and after `delayMs` another one goes on at `offset`. */
export interface TransferRetry {
  /** Tells it from other events. */
  readonly kind: "retry";
  /** Counts the retries of this transfer, from 1. */
  readonly attempt: number;
  /** Bytes that are here: where it goes on. */
  readonly offset: number;
  /** How long it waits before, in milliseconds. */
  readonly delayMs: number;
  /** Why the one before failed. */
  readonly reason: string;
}

/** Things that happen to a transfer, for whoever shows progress. */
export type TransferEvent =
  | TransferRetry
  /** The bytes so far were thrown away: the host can't go on in the middle, or they were wrong. */
  | { readonly kind: "restart"; readonly reason: string };

/** How to fetch. */
export interface FetchOptions {
  /** The first byte wanted; what is before it is here already. @default {0} */
  readonly offset?: number;
  /** Hears of retries. */
  readonly onEvent?: (event: TransferEvent) => void;
  /** Whether it is most of what is being fetched: then several connections may share it if each is slow. @default {false} */
  readonly isDominant?: boolean;
}

/**
 * The bytes of one descriptor from an offset on. It mends itself: a broken or stalled connection is replaced and goes
 * on at its byte. It gives no more than the descriptor's size, and throws `size_mismatch` if the host has more. The
 * digest is the ingest's to check. Dispose it on every path: that closes the connection of a body not read to its end.
 */
export interface FetchBody extends ByteReader, Disposable {
  /**
   * The offset of the first byte that `read` gives: `options.offset`, or 0 if the host can't start in the middle.
   * Then the caller must restart its ingest.
   */
  readonly offset: number;
  /** The host that serves it, for people. */
  readonly host: string;
}

/** Descriptors to bytes. One fetcher stands for one repository. */
export interface Fetcher {
  /**
   * Opens the bytes of a blob or manifest.
   *
   * @throws AppError as {@linkcode Resolver.resolve}, and `stalled`
   */
  fetch(descriptor: Descriptor, options: FetchOptions, signal: AbortSignal): Promise<FetchBody>;
}

/** Options of a call that contacts a registry. */
export interface RemoteOptions {
  /** Replaces the client's credentials for this call. */
  readonly credentials?: CredentialSource;
}

/** A page of tags. */
export interface TagPage {
  /** In the registry's order. */
  readonly tags: readonly string[];
  /** What to pass as `last` to get the next page; undefined at the end. */
  readonly next?: string;
}

/** A repository at its registry. */
export interface Remote extends Resolver, Fetcher {
  /** Lists tags, a page at a time, in the order the registry sends them. */
  listTags(
    options: { readonly last?: string; readonly pageSize?: number },
    signal: AbortSignal,
  ): Promise<TagPage>;
  /** The descriptors of manifests that say something about `digest` (distribution spec 1.1, "Listing Referrers"). */
  listReferrers(digest: Digest, signal: AbortSignal): Promise<readonly Descriptor[]>;
}
