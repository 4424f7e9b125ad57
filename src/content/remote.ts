/**
 * Contracts of a registry client: references to descriptors, and descriptors to bytes.
 *
 * @module
 */
import type { ByteReader } from "../base/bytes.ts";
import type { AppError } from "../base/errors.ts";
import type { CredentialSource } from "./credential.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { ImageDocument } from "../oci/document.ts";
import type { Reference } from "../oci/reference.ts";

/** The target of a reference. */
export interface Resolved {
  /** The descriptor of the index or manifest. */
  readonly descriptor: Descriptor;
  /** The document's bytes, verified against the descriptor, if the response contained them. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** The parsed `bytes`, if they have been parsed already. */
  readonly document?: ImageDocument;
  /** The host that responded, for display: `registry-1.docker.io`. */
  readonly host: string;
}

/** Resolves references to descriptors. */
export interface Resolver {
  /**
   * Resolves a reference. If it has a digest, its tag is ignored.
   *
   * @param onRetry called before each retry
   * @throws AppError `not_found`, `unauthorized`, `forbidden`, `rate_limited`, `network`, `digest_mismatch`,
   * `limit_exceeded`, or the signal's reason
   */
  resolve(
    reference: Reference,
    signal: AbortSignal,
    onRetry?: (event: TransferRetry) => void,
  ): Promise<Resolved>;
  /**
   * Resolves a reference without downloading the document, if the host supports that. Hosts that count pulls
   * don't count it as one.
   *
   * @throws AppError as {@linkcode Resolver.resolve}
   */
  resolveDigest(reference: Reference, signal: AbortSignal): Promise<Resolved>;
}

/** A connection failed or stalled; after `delayMs` another one resumes at `offset`. */
export interface TransferRetry {
  /** Distinguishes it from other events. */
  readonly kind: "retry";
  /** The number of attempts that have failed since the last progress, from 1. */
  readonly attempt: number;
  /** The byte at which the transfer resumes. */
  readonly offset: number;
  /** The time until the next attempt, in milliseconds. */
  readonly delayMs: number;
  /** Why the previous attempt failed. */
  readonly reason: string;
}

/** Events of a transfer, for progress display. */
export type TransferEvent =
  | TransferRetry
  /** The bytes so far were discarded: no host can resume in the middle, or they were corrupt. */
  | { readonly kind: "restart"; readonly reason: string };

/** Options of {@linkcode Fetcher.fetch}. */
export interface FetchOptions {
  /** The first byte to fetch. @default {0} */
  readonly offset?: number;
  /** Called for each retry. */
  readonly onEvent?: (event: TransferEvent) => void;
  /**
   * `sequential` reads over one connection at a time. `parallel` may also request ranges over several
   * connections if a single one is slow. @default {"sequential"}
   */
  readonly strategy?: "sequential" | "parallel";
  /**
   * False requests only the whole content: after a failure its first bytes are downloaded again. For hosts
   * that respond to ranges with wrong bytes. @default {true}
   */
  readonly allowsRanges?: boolean;
}

/**
 * The bytes of one descriptor, starting at an offset. If a connection fails or stalls, the body resumes over
 * another one. It delivers at most the descriptor's size, and throws `size_mismatch` if the host has more
 * bytes. It doesn't check the digest: the ingest does. Dispose it on every path: that closes the connection
 * if the body wasn't read to its end.
 */
export interface FetchBody extends ByteReader, Disposable {
  /**
   * The offset of the first byte that `read` delivers: `options.offset`, or 0 if no host can start there. In
   * that case the caller must restart its ingest.
   */
  readonly offset: number;
  /** The host that serves it, for display. */
  readonly host: string;
  /** Whether bytes of more than one response have been joined. @default {false} */
  readonly isJoined?: boolean;
}

/** Fetches the bytes of descriptors from one repository. */
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
  /** Used instead of the client's credentials for this call. */
  readonly credentials?: CredentialSource;
}

/** A page of tags. */
export interface TagPage {
  /** In the registry's order. */
  readonly tags: readonly string[];
  /** Pass this as `last` to get the next page; undefined on the last page. */
  readonly next?: string;
}

/** A repository at its registry. */
export interface Remote extends Resolver, Fetcher {
  /** Lists one page of tags in the registry's order. */
  listTags(
    options: { readonly last?: string; readonly pageSize?: number },
    signal: AbortSignal,
  ): Promise<TagPage>;
  /** Lists the manifests whose `subject` is `digest` (distribution spec 1.1, "Listing Referrers"). */
  listReferrers(digest: Digest, signal: AbortSignal): Promise<readonly Descriptor[]>;
  /**
   * Hides the secrets that were exchanged with the registry in an error about content that it sent. The errors of the
   * other methods have been treated already.
   */
  hideSecrets?(error: AppError): AppError;
}
