/**
 * A registry without a network, with the faults that the operations must handle.
 *
 * @module
 */
import { abortable } from "../../src/base/concurrency/abort.ts";
import { concatBytes } from "../../src/base/bytes.ts";
import { AppError } from "../../src/base/errors.ts";
import type { FetchBody, FetchOptions, Remote, Resolved, TagPage } from "../../src/content/remote.ts";
import type { Descriptor } from "../../src/oci/descriptor.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { Reference } from "../../src/oci/reference.ts";
import type { TestArtifact } from "../images/mod.ts";

/** A fault of a fetch. Each occurs once. */
export type FetchFault =
  /** One byte is changed. */
  | { readonly kind: "wrong-byte" }
  /** The body sends nothing until the fetch is aborted. */
  | { readonly kind: "hang" }
  /** The body is truncated after this many bytes. */
  | { readonly kind: "break"; readonly after: number; readonly error: unknown }
  /** The body starts at byte 0, whatever the requested offset. */
  | { readonly kind: "ignore-offset" };

/** A registry in memory, with one repository. */
export class FakeRemote implements Remote {
  readonly #bytes = new Map<Digest, Uint8Array<ArrayBuffer>>();
  readonly #tags = new Map<string, Descriptor>();
  readonly #faults = new Map<Digest, FetchFault[]>();
  /** Every fetch that began, in order. */
  readonly fetches: { readonly digest: Digest; readonly offset: number }[] = [];

  /** Stores an artifact under a tag. */
  push(tag: string, artifact: TestArtifact): void {
    for (const { digest, bytes } of artifact.documents) this.#bytes.set(digest, bytes);
    for (const blob of artifact.blobs) {
      this.#bytes.set(
        blob.digest,
        concatBytes(Array.from(blob.read(0, blob.size), (chunk) => chunk.slice())),
      );
    }
    const { mediaType, digest, bytes } = artifact.root;
    this.#tags.set(tag, { mediaType, digest, size: bytes.length });
  }

  /** Makes the next fetches of a blob fail, with one fault each. */
  failNext(digest: Digest, ...faults: readonly FetchFault[]): void {
    this.#faults.set(digest, [...faults]);
  }

  /** @inheritdoc */
  resolve(reference: Reference, signal: AbortSignal): Promise<Resolved> {
    signal.throwIfAborted();
    const { tag = "", digest } = reference;
    const known = digest === undefined
      ? this.#tags.get(tag)
      : [...this.#tags.values()].find((d) => d.digest === digest);
    if (known === undefined) return Promise.reject(new AppError("not_found", `Cannot resolve "${tag}"`));
    const bytes = this.#bytes.get(known.digest);
    return Promise.resolve({ descriptor: known, host: "fake", ...(bytes && { bytes }) });
  }

  /** @inheritdoc */
  resolveDigest(reference: Reference, signal: AbortSignal): Promise<Resolved> {
    return this.resolve(reference, signal);
  }

  /** @inheritdoc */
  fetch(descriptor: Descriptor, options: FetchOptions, signal: AbortSignal): Promise<FetchBody> {
    signal.throwIfAborted();
    const bytes = this.#bytes.get(descriptor.digest);
    if (bytes === undefined) {
      return Promise.reject(new AppError("not_found", `No blob "${descriptor.digest}"`));
    }
    const fault = this.#faults.get(descriptor.digest)?.shift();
    const offset = fault?.kind === "ignore-offset" ? 0 : options.offset ?? 0;
    this.fetches.push({ digest: descriptor.digest, offset });
    return Promise.resolve(bodyOf(bytes, offset, fault, signal));
  }

  /** Returns no referrers. */
  listReferrers(_digest: Digest): Promise<readonly Descriptor[]> {
    return Promise.resolve([]);
  }

  /** @inheritdoc */
  listTags(options: { readonly last?: string }): Promise<TagPage> {
    const tags = [...this.#tags.keys()].sort();
    const from = options.last === undefined ? 0 : tags.indexOf(options.last) + 1;
    const page = tags.slice(from, from + 2);
    const last = page.at(-1);
    return Promise.resolve(
      from + 2 < tags.length && last !== undefined ? { tags: page, next: last } : { tags: page },
    );
  }
}

function bodyOf(
  bytes: Uint8Array,
  offset: number,
  fault: FetchFault | undefined,
  signal: AbortSignal,
): FetchBody {
  let at = offset;
  return {
    offset,
    host: "fake",
    read(buffer) {
      signal.throwIfAborted();
      if (fault?.kind === "hang") return abortable(new Promise<never>(() => {}), signal);
      const stop = fault?.kind === "break" ? Math.min(bytes.length, offset + fault.after) : bytes.length;
      if (at >= stop) return fault?.kind === "break" ? Promise.reject(fault.error) : Promise.resolve(null);
      const chunk = bytes.slice(at, Math.min(stop, at + buffer.length));
      if (fault?.kind === "wrong-byte" && at === offset) chunk[0] = (chunk[0] ?? 0) ^ 1;
      buffer.set(chunk);
      at += chunk.length;
      return Promise.resolve(chunk.length);
    },
    [Symbol.dispose]() {},
  };
}
