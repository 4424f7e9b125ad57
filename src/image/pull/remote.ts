/**
 * Requests to a registry that store nothing.
 *
 * @module
 */
import { neverAborted } from "../../base/concurrency/abort.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseReference } from "../../oci/reference.ts";
import type { ImageDeps } from "../model/deps.ts";
import type { RemoteOptions } from "../../content/remote.ts";
import type { CallOptions } from "../model/types.ts";

/** Resolves a name at its registry. @throws AppError `not_found` and network codes */
export async function remoteDigest(
  { registry }: Pick<ImageDeps, "registry">,
  text: string,
  { credentials, signal = neverAborted() }: RemoteOptions & CallOptions = {},
): Promise<Digest> {
  const reference = parseReference(text);
  const remote = registry.remote(reference, credentials === undefined ? {} : { credentials });
  // This sends HEAD if the registry supports it: Docker Hub counts each GET of a manifest as a pull.
  const { descriptor } = await remote.resolveDigest(reference, signal);
  return descriptor.digest;
}

/** Lists all tags of a repository, page by page. @throws AppError `not_found` and network codes */
export async function* remoteTags(
  { registry }: Pick<ImageDeps, "registry">,
  repository: string,
  { credentials, signal = neverAborted() }: RemoteOptions & CallOptions = {},
): AsyncIterable<readonly string[]> {
  const remote = registry.remote(
    parseReference(repository),
    credentials === undefined ? {} : { credentials },
  );
  let last: string | undefined;
  do {
    const page = await remote.listTags(last === undefined ? {} : { last }, signal);
    yield page.tags;
    last = page.next;
  } while (last !== undefined);
}
