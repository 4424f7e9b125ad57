/**
 * Choosing the manifest of a platform from an index.
 *
 * @module
 */
import { AppError, isCode } from "../../base/errors.ts";
import type { Descriptor } from "../../oci/descriptor.ts";
import type { ImageIndex } from "../../oci/document.ts";
import { isIndexType, isManifestType } from "../../oci/media_type.ts";
import { formatPlatform, type Platform, platformRanking, samePlatform } from "../../oci/platform.ts";
import type { DocumentLoader, LoadedDocument } from "./documents.ts";

/** Maximum nesting of indexes. Real images nest at most once; deeper chains are an attack. */
export const INDEX_MAX_DEPTH = 4;

/** A manifest of an index, with its platform if the index declares one. */
export interface Candidate {
  readonly descriptor: Descriptor;
  readonly platform?: Platform;
}

/** Reads the platform of a manifest from its config; undefined for artifacts. */
export type PlatformFinder = (descriptor: Descriptor, signal: AbortSignal) => Promise<Platform | undefined>;

/** Reports whether an entry describes another one (provenance, SBOM) and so has no platform. */
function isAttestation(descriptor: Descriptor): boolean {
  return descriptor.platform?.os === "unknown" ||
    descriptor.annotations?.["vnd.docker.reference.type"] !== undefined;
}

/**
 * Returns a document and all indexes nested in it, the document first.
 *
 * @param onUnusable called for each nested index that is missing or invalid; without it, that is an error
 * @throws AppError `limit_exceeded` if indexes are nested too deeply, and the errors of `load`
 */
export async function walkIndexes(
  top: LoadedDocument,
  load: DocumentLoader,
  signal: AbortSignal,
  onUnusable?: (error: AppError) => void,
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
      if (!isIndexType(entry.mediaType)) continue;
      const nested = await load(entry, signal).catch((error) => {
        if (onUnusable === undefined) throw error;
        onUnusable(unusableEntry(error));
      });
      if (nested !== undefined) await visit(nested, depth + 1);
    }
  }
  await visit(top, 1);
  return [...documents.values()];
}

/** Returns the error of an entry that the other entries can do without. @throws any other error */
function unusableEntry(error: unknown): AppError {
  const isUnusable = isCode(
    error,
    "not_found",
    "invalid_content",
    "unsupported",
    "limit_exceeded",
    "digest_mismatch",
    "size_mismatch",
  );
  if (isUnusable && error instanceof AppError) return error;
  throw error;
}

/** Returns the manifests of indexes in order, each digest once, without attestations. */
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
 * Chooses the best manifest for a platform. Reads the configs of entries without a declared platform only if no declared
 * platform matches; a single entry without a platform is chosen unread.
 *
 * @param name the reference, for messages
 * @param unusable errors of other entries, which the message mentions if nothing matches
 * @throws AppError `not_found`, with the available platforms
 */
export async function chooseCandidate(
  name: string,
  candidates: readonly Candidate[],
  want: Platform,
  findPlatform: PlatformFinder,
  signal: AbortSignal,
  unusable: readonly AppError[] = [],
): Promise<Candidate> {
  const ranking = platformRanking(want);
  const best = bestOf(candidates, ranking);
  if (best !== undefined) return best;
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1 && only.platform === undefined) return only;
  const known: Candidate[] = [];
  const problems = [...unusable];
  for (const { descriptor, platform } of candidates) {
    const configured = platform ?? await findPlatform(descriptor, signal).catch((error) => {
      problems.push(unusableEntry(error));
      return undefined;
    });
    if (configured !== undefined) known.push({ descriptor, platform: configured });
  }
  const second = bestOf(known, ranking);
  if (second !== undefined) return second;
  throw noMatch(name, want, known.flatMap(({ platform }) => platform ?? []), problems);
}

function bestOf(candidates: readonly Candidate[], ranking: readonly Platform[]): Candidate | undefined {
  for (const rank of ranking) {
    const match = candidates.find(({ platform }) => platform !== undefined && samePlatform(platform, rank));
    if (match !== undefined) return match;
  }
  return undefined;
}

/** Returns the error for a platform that an image doesn't have. */
export function noMatch(
  name: string,
  want: Platform,
  available: readonly Platform[],
  unusable: readonly AppError[] = [],
): AppError {
  const platforms = [...new Set(available.map(formatPlatform))].sort();
  const listed = platforms.length === 0 ? "it has no platforms" : `available: ${platforms.join(", ")}`;
  const [first] = unusable;
  const noun = unusable.length === 1 ? "entry" : "entries";
  const more = first === undefined
    ? ""
    : `; ${unusable.length} unusable ${noun}, the first: ${first.message}`;
  return new AppError(
    "not_found",
    `Cannot choose a manifest of "${name}": no manifest for ${formatPlatform(want)}; ${listed}${more}`,
    { details: { want: formatPlatform(want), available: platforms } },
  );
}
