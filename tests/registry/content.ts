/**
 * The content of a test registry.
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

  /** Returns a repository, and creates it if it doesn't exist. */
  repository(name: string): Repository {
    let repository = this.#repositories.get(name);
    if (repository === undefined) {
      repository = { tags: new Map(), documents: new Map(), blobs: new Map() };
      this.#repositories.set(name, repository);
    }
    return repository;
  }

  /** Returns a repository, or undefined. */
  find(name: string): Repository | undefined {
    return this.#repositories.get(name);
  }

  /** Stores an artifact with everything that it references. */
  push(name: string, tag: string | undefined, artifact: TestArtifact): void {
    const repository = this.repository(name);
    for (const document of artifact.documents) repository.documents.set(document.digest, document);
    for (const blob of artifact.blobs) repository.blobs.set(blob.digest, blob);
    if (tag !== undefined) repository.tags.set(tag, artifact.root.digest);
  }

  /** Deletes a blob or document from every repository. */
  remove(digest: Digest): void {
    for (const { documents, blobs } of this.#repositories.values()) {
      documents.delete(digest);
      blobs.delete(digest);
    }
  }
}

/** Finds a document by tag or digest. */
export function findDocument(repository: Repository, tagOrDigest: string): TestDocument | undefined {
  const digest = findDigest(tagOrDigest) ?? repository.tags.get(tagOrDigest);
  return digest === undefined ? undefined : repository.documents.get(digest);
}
