/**
 * Fetching manifests, blobs and referrers from a registry without a store.
 *
 * @module
 */
import { neverAborted } from "../base/concurrency/abort.ts";
import { KIB } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";
import { type Hasher, loadHashing } from "../base/hash.ts";
import type { FetchBody, Remote, RemoteOptions } from "../content/remote.ts";
import type { Descriptor } from "../oci/descriptor.ts";
import { algorithmOf, makeDigest } from "../oci/digest.ts";
import { type ImageDocument, MANIFEST_MAX_BYTES, parseDocument } from "../oci/document.ts";
import { parseReference, type Reference } from "../oci/reference.ts";
import type { Registry } from "../registry/registry.ts";
import { fetchSmall } from "./model/documents.ts";
import type { CallOptions } from "./model/types.ts";

const CHUNK_BYTES = 64 * KIB;

/** A manifest or index from a registry. */
export interface FetchedManifest {
  /** Media type, digest and size of the bytes. */
  readonly descriptor: Descriptor;
  /** The exact bytes, verified against the descriptor and against the digest of the reference, if it has one. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The parsed bytes. */
  readonly document: ImageDocument;
  /** The host that sent the manifest. */
  readonly host: string;
}

/**
 * Fetches the manifest or index that a reference points at.
 *
 * @throws AppError `not_found`, `unauthorized`, `forbidden`, `rate_limited`, `network`, `digest_mismatch`,
 * `limit_exceeded` (4 MiB), `invalid_content`, `unsupported`
 *
 * @example
 * ```ts
 * import { isCode } from "../base/errors.ts";
 * import { fetchManifest } from "./fetch.ts";
 * import { openRegistry } from "./registry.ts";
 *
 * await using registry = openRegistry({ attempts: 1 });
 * try {
 *   const { descriptor, document } = await fetchManifest(registry, "localhost:1/hello:1.0");
 *   console.log(descriptor.digest, document.kind);
 * } catch (error) {
 *   console.assert(isCode(error, "network")); // No registry listens on port 1.
 * }
 * ```
 */
export async function fetchManifest(
  registry: Registry,
  reference: string,
  options: RemoteOptions & CallOptions = {},
): Promise<FetchedManifest> {
  const { remote, parsed, signal } = connect(registry, reference, options);
  const { descriptor, host, ...resolved } = await remote.resolve(parsed, signal);
  const what = `manifest "${descriptor.digest}"`;
  const bytes = resolved.bytes ?? await fetchSmall(remote, descriptor, MANIFEST_MAX_BYTES, what, signal);
  const document = resolved.document ?? parseDocument(bytes, descriptor.mediaType, what);
  return { descriptor, bytes, document, host };
}

/**
 * Fetches a blob: a config, a layer or any other content of a repository. Interrupted transfers are resumed.
 *
 * The stream errors with `digest_mismatch` or `size_mismatch` if the content doesn't match the descriptor. It holds the
 * last chunk back until the digest is verified, so a reader that has received `descriptor.size` bytes has received the
 * right ones. Read the stream to its end or cancel it: either closes the connection.
 *
 * @param reference any reference of the repository; its tag or digest is ignored
 * @throws AppError `not_found`, `unauthorized`, `forbidden`, `rate_limited`, `network`, `stalled`
 *
 * @example
 * ```ts
 * import { isCode } from "../base/errors.ts";
 * import { fetchBlob, fetchManifest } from "./fetch.ts";
 * import { openRegistry } from "./registry.ts";
 *
 * await using registry = openRegistry({ attempts: 1 });
 * try {
 *   const { document } = await fetchManifest(registry, "localhost:1/hello:1.0");
 *   if (document.kind === "manifest") {
 *     const config = await fetchBlob(registry, "localhost:1/hello", document.config);
 *     console.log(await new Response(config).json());
 *   }
 * } catch (error) {
 *   console.assert(isCode(error, "network")); // No registry listens on port 1.
 * }
 * ```
 */
export async function fetchBlob(
  registry: Registry,
  reference: string,
  descriptor: Descriptor,
  options: RemoteOptions & CallOptions = {},
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const { remote, signal } = connect(registry, reference, options);
  const hashing = loadHashing();
  const body = await remote.fetch(descriptor, {}, signal);
  const chunks = verifiedChunks(body, descriptor, (await hashing)(algorithmOf(descriptor.digest)));
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await chunks.next();
        if (!done) return controller.enqueue(value);
        body[Symbol.dispose]();
        controller.close();
      } catch (error) {
        body[Symbol.dispose]();
        controller.error(error);
      }
    },
    cancel: () => body[Symbol.dispose](),
  }, { highWaterMark: 0 });
}

/**
 * Lists the manifests whose subject is the manifest or index that a reference points at: signatures, SBOMs and other
 * attachments. A tag is resolved first.
 *
 * @throws AppError `not_found` (no such tag), `unauthorized`, `forbidden`, `rate_limited`, `network`, `invalid_content`
 *
 * @example
 * ```ts
 * import { isCode } from "../base/errors.ts";
 * import { listReferrers } from "./fetch.ts";
 * import { openRegistry } from "./registry.ts";
 *
 * await using registry = openRegistry({ attempts: 1 });
 * try {
 *   for (const { digest, artifactType } of await listReferrers(registry, "localhost:1/hello:1.0")) {
 *     console.log(digest, artifactType);
 *   }
 * } catch (error) {
 *   console.assert(isCode(error, "network")); // No registry listens on port 1.
 * }
 * ```
 */
export async function listReferrers(
  registry: Registry,
  reference: string,
  options: RemoteOptions & CallOptions = {},
): Promise<readonly Descriptor[]> {
  const { remote, parsed, signal } = connect(registry, reference, options);
  const digest = parsed.digest ?? (await remote.resolveDigest(parsed, signal)).descriptor.digest;
  return await remote.listReferrers(digest, signal);
}

function connect(
  registry: Registry,
  reference: string,
  { credentials, signal = neverAborted() }: RemoteOptions & CallOptions,
): { readonly remote: Remote; readonly parsed: Reference; readonly signal: AbortSignal } {
  const parsed = parseReference(reference);
  return {
    remote: registry.remote(parsed, credentials === undefined ? {} : { credentials }),
    parsed,
    signal,
  };
}

/**
 * Yields the chunks of a body. The last chunk is yielded only if the content matches the descriptor.
 *
 * @throws AppError `digest_mismatch`, `size_mismatch`, and the errors of the body
 */
async function* verifiedChunks(
  body: FetchBody,
  descriptor: Descriptor,
  hasher: Hasher,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let size = 0;
  let last: Uint8Array<ArrayBuffer> | undefined;
  for (;;) {
    const buffer = new Uint8Array(CHUNK_BYTES);
    const n = await body.read(buffer);
    if (n === null) break;
    if (last !== undefined) yield last;
    last = buffer.subarray(0, n);
    hasher.update(last);
    size += n;
  }
  const operation = `Cannot fetch blob "${descriptor.digest}" from host "${body.host}"`;
  const got = makeDigest(algorithmOf(descriptor.digest), hasher.hex());
  if (got !== descriptor.digest) {
    throw new AppError("digest_mismatch", `${operation}: its content has the digest "${got}"`, {
      details: { want: descriptor.digest, got },
    });
  }
  if (size !== descriptor.size) {
    throw new AppError("size_mismatch", `${operation}: it has ${size} bytes instead of ${descriptor.size}`);
  }
  if (last !== undefined) yield last;
}
