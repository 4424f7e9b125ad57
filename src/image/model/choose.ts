/**
 * Choosing one manifest of an index.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { ImageIndex } from "../../oci/document.ts";
import { isIndexType, isManifestType } from "../../oci/media_type.ts";
import { formatPlatform, type Platform, platformRanking, samePlatform } from "../../oci/platform.ts";
import type { DocumentLoader, LoadedDocument } from "./documents.ts";

/** Real images nest once at most; a chain without end is an attack. */
export const INDEX_MAX_DEPTH = 4;

/** A manifest of an index, with what it was built for if the index says so. */
export interface Candidate {
  readonly descriptor: Descriptor;
  readonly platform?: Platform;
}

/** Tells what a manifest was built for when the index doesn't: from its config. */
export type PlatformFinder = (descriptor: Descriptor, signal: AbortSignal) => Promise<Platform | undefined>;

/** Whether an entry describes another one (provenance, SBOM) and can't be run on anything. */
function isAttestation(descriptor: Descriptor): boolean {
  return descriptor.platform?.os === "unknown" ||
    descriptor.annotations?.["vnd.docker.reference.type"] !== undefined;
}

/** All documents of an index and of the indexes in it, the given one first. @throws AppError `limit_exceeded` */
export async function walkIndexes(
  top: LoadedDocument,
  load: DocumentLoader,
  signal: AbortSignal,
): Promise<readonly LoadedDocument[]> {
  const documents = new Map<string, LoadedDocument>();
  async function visit(loaded: LoadedDocument, depth: number) {
    if (documents.has(loaded.descriptor.digest)) return;
    if (depth > INDEX_MAX_DEPTH) {
      throw new AppError(
        "limit_exceeded",
        `Cannot read index "${top.descriptor.digest}": indexes are nested deeper than ${INDEX_MAX_DEPTH}`,
      );
    }
    documents.set(loaded.descriptor.digest, loaded);
    if (loaded.document.kind !== "index") return;
    for (const entry of loaded.document.manifests) {
      if (isIndexType(entry.mediaType)) await visit(await load(entry, signal), depth + 1);
    }
  }
  await visit(top, 1);
  return [...documents.values()];
}

/** The manifests of these indexes that an image can be run from, in order, each digest once. */
export function candidatesOf(indexes: readonly ImageIndex[]): readonly Candidate[] {
  const candidates = new Map<string, Candidate>();
  for (const index of indexes) {
    for (const descriptor of index.manifests) {
      if (!isManifestType(descriptor.mediaType) || isAttestation(descriptor)) continue;
      if (candidates.has(descriptor.digest)) continue;
      const { platform } = descriptor;
      candidates.set(descriptor.digest, platform === undefined ? { descriptor } : { descriptor, platform });
    }
  }
  return [...candidates.values()];
}

/**
 * Chooses the best manifest for a platform. Entries that don't say what they are for are looked into only when no
 * other fits; a single entry of that kind is taken as it is.
 *
 * @throws AppError `not_found` that names the platforms that there are
 */
export async function chooseCandidate(
  name: string,
  candidates: readonly Candidate[],
  want: Platform,
  findPlatform: PlatformFinder,
  signal: AbortSignal,
): Promise<Candidate> {
  const ranking = platformRanking(want);
  const best = bestOf(candidates, ranking);
  if (best !== undefined) return best;
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1 && only.platform === undefined) return only;
  const known: Candidate[] = [];
  for (const { descriptor, platform } of candidates) {
    const found = platform ?? await findPlatform(descriptor, signal);
    if (found !== undefined) known.push({ descriptor, platform: found });
  }
  const second = bestOf(known, ranking);
  if (second !== undefined) return second;
  throw noMatch(name, want, known.flatMap(({ platform }) => platform ?? []));
}

function bestOf(candidates: readonly Candidate[], ranking: readonly Platform[]): Candidate | undefined {
  for (const rank of ranking) {
    const match = candidates.find(({ platform }) => platform !== undefined && samePlatform(platform, rank));
    if (match !== undefined) return match;
  }
  return undefined;
}

/** The error for a platform that an image was not built for. */
export function noMatch(name: string, want: Platform, available: readonly Platform[]): AppError {
  const platforms = [...new Set(available.map(formatPlatform))].sort();
  const there = platforms.length === 0 ? "it has no platforms at all" : `there are ${platforms.join(", ")}`;
  return new AppError(
    "not_found",
    `Cannot choose a manifest of "${name}": there is none for ${formatPlatform(want)}, ${there}`,
    { details: { want: formatPlatform(want), available: platforms } },
  );
}
