/**
 * What a test registry holds.
 *
 * @module
 */
import { type Digest, findDigest } from "../../src/oci/digest.ts";
import type { TestBlob } from "../images/blob.ts";
import type { TestArtifact, TestDocument } from "../images/image.ts";

/** One repository. */
export interface Repository {
  readonly tags: Map<string, Digest>;
  readonly documents: Map<Digest, TestDocument>;
  readonly blobs: Map<Digest, TestBlob>;
}

/** Repositories by name. Two registries may share one of these. */
export class RegistryContent {
  readonly #repositories = new Map<string, Repository>();

  /** A repository, which is made if it isn't there. */
  repository(name: string): Repository {
    let repository = this.#repositories.get(name);
    if (repository === undefined) {
      repository = { tags: new Map(), documents: new Map(), blobs: new Map() };
      this.#repositories.set(name, repository);
    }
    return repository;
  }

  /** A repository, if it is there. */
  find(name: string): Repository | undefined {
    return this.#repositories.get(name);
  }

  /** Stores an artifact with all that hangs on it. */
  push(name: string, tag: string | undefined, artifact: TestArtifact): void {
    const repository = this.repository(name);
    for (const document of artifact.documents) repository.documents.set(document.digest, document);
    for (const blob of artifact.blobs) repository.blobs.set(blob.digest, blob);
    if (tag !== undefined) repository.tags.set(tag, artifact.root.digest);
  }

  /** Forgets a blob or document wherever it is. */
  forget(digest: Digest): void {
    for (const { documents, blobs } of this.#repositories.values()) {
      documents.delete(digest);
      blobs.delete(digest);
    }
  }
}

/** A document by tag or digest. */
export function findDocument(repository: Repository, tagOrDigest: string): TestDocument | undefined {
  const digest = findDigest(tagOrDigest) ?? repository.tags.get(tagOrDigest);
  return digest === undefined ? undefined : repository.documents.get(digest);
}
