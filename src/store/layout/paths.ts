/**
 * The paths of a store. Other files don't join paths themselves.
 *
 * @module
 */
import { algorithmOf, type Digest, findDigest, hexOf } from "../../oci/digest.ts";

/** The suffix of the directory of a replacement. */
const REPLACEMENT_SUFFIX = ".replacement";
/**
 * The suffix of a small ingest's data file. It has no directory, which would cost more calls than its files.
 */
const SMALL_SUFFIX = ".small";
const SMALL_STATE_SUFFIX = `${SMALL_SUFFIX}.json`;
/** The prefix of the directory of a layer that is being unpacked. */
const STAGING_PREFIX = ".staging-";
/** The directory of ingests, layers and locks while a plain layout is written; it is removed afterwards. */
const WORK_NAME = ".dray-export";

/** The paths of an unfinished write. */
export interface IngestPaths {
  /** Its directory; undefined for a small one, whose files are directly in `ingest/`. */
  readonly directory: string | undefined;
  /** The bytes written so far. The writer locks this file. */
  readonly data: string;
  /** The expected digest and size. */
  readonly state: string;
}

/** The properties of an ingest that its file name encodes. */
export interface IngestName {
  readonly digest: Digest;
  /** Whether it has no directory. */
  readonly isSmall: boolean;
  /** Whether it replaces a damaged blob. */
  readonly isReplacement: boolean;
}

/** The paths of a store. */
export class StorePaths {
  /** The directory of the store, without a slash at the end. */
  readonly root: string;
  /**
   * The parent of everything that isn't part of an OCI image layout: `root`, except for {@linkcode
   * plainLayoutPaths}.
   */
  readonly work: string;
  /** The file that marks the directory as an OCI image layout. */
  readonly layoutFile: string;
  /** The only database. */
  readonly indexFile: string;
  /** The next index while it is written. */
  readonly indexTemp: string;
  /** Committed blobs, by algorithm. */
  readonly blobs: string;
  /** Unfinished writes. */
  readonly ingest: string;
  /** Unpacked layers, by the hexadecimal digits of their chain id. */
  readonly layers: string;
  /** Lock files. */
  readonly locks: string;
  /** The lock for changing the index. */
  readonly indexLock: string;
  /** Reserved space for the index on a full disk. */
  readonly indexBallast: string;
  /**
   * A file per running operation, with the digests that it needs. Older versions have a lock file of this name, which
   * they can't open where it is a directory.
   */
  readonly holds: string;
  /** The lock for adding a digest to a hold (shared) and for deleting content (exclusive). */
  readonly holdsLock: string;

  /**
   * @param root absolute, or relative to the working directory
   * @param workName a directory below `root` for everything that isn't part of a layout
   */
  constructor(root: string, workName?: string) {
    this.root = root.replace(/(?<=.)\/+$/, "");
    this.work = workName === undefined ? this.root : `${this.root}/${workName}`;
    this.layoutFile = `${this.root}/oci-layout`;
    this.indexFile = `${this.root}/index.json`;
    this.indexTemp = `${this.indexFile}.new`;
    this.blobs = `${this.root}/blobs`;
    this.ingest = `${this.work}/ingest`;
    this.layers = `${this.work}/layers`;
    this.locks = `${this.work}/locks`;
    this.indexLock = `${this.locks}/index`;
    this.indexBallast = `${this.indexLock}.spare`;
    this.holds = `${this.locks}/content`;
    this.holdsLock = `${this.locks}/holds`;
  }

  /** The directory of the blobs of a digest's algorithm. */
  blobDirectory(digest: Digest): string {
    return `${this.blobs}/${algorithmOf(digest)}`;
  }

  /** A committed blob. */
  blob(digest: Digest): string {
    return `${this.blobDirectory(digest)}/${hexOf(digest)}`;
  }

  /** An unfinished write. */
  ingestOf({ digest, isSmall, isReplacement }: IngestName): IngestPaths {
    const suffix = isReplacement ? REPLACEMENT_SUFFIX : "";
    const directory = `${this.ingest}/${algorithmOf(digest)}-${hexOf(digest)}${suffix}`;
    if (isSmall) {
      return {
        directory: undefined,
        data: `${directory}${SMALL_SUFFIX}`,
        state: `${directory}${SMALL_STATE_SUFFIX}`,
      };
    }
    return { directory, data: `${directory}/data`, state: `${directory}/state.json` };
  }

  /** A published layer: its `rootfs/`, and the marker file that is written last. */
  layer(chainId: Digest): { readonly directory: string; readonly rootfs: string; readonly marker: string } {
    const directory = `${this.layers}/${hexOf(chainId)}`;
    return { directory, rootfs: `${directory}/rootfs`, marker: `${directory}/ready.json` };
  }

  /** The file of one hold. */
  hold(unique: string): string {
    return `${this.holds}/${unique}`;
  }

  /** The lock for unpacking a layer. */
  layerLock(chainId: Digest): string {
    return `${this.locks}/layer-${hexOf(chainId)}`;
  }

  /**
   * The directory in which a layer is unpacked before it is renamed. `unique` distinguishes several attempts.
   */
  layerStaging(chainId: Digest, unique: string): string {
    return `${this.layers}/${STAGING_PREFIX}${hexOf(chainId)}-${unique}`;
  }
}

/** Parses the name of a directory in `layers/`. Returns undefined for another name. */
export function parseLayerName(
  name: string,
): { readonly chainId: Digest; readonly isStaging: boolean } | undefined {
  const isStaging = name.startsWith(STAGING_PREFIX);
  const [hex = ""] = isStaging ? name.slice(STAGING_PREFIX.length).split("-") : [name];
  const chainId = findDigest(`sha256:${hex}`);
  return chainId === undefined ? undefined : { chainId, isStaging };
}

/** The paths of a layout that contains only standard layout files once its `work` directory is removed. */
export function plainLayoutPaths(root: string): StorePaths {
  return new StorePaths(root, WORK_NAME);
}

/**
 * Parses the name of an ingest's directory, or of a file of a small one. Returns undefined for another name.
 */
export function parseIngestName(name: string): IngestName | undefined {
  const small = [SMALL_STATE_SUFFIX, SMALL_SUFFIX].find((suffix) => name.endsWith(suffix));
  const whole = small === undefined ? name : name.slice(0, -small.length);
  const isReplacement = whole.endsWith(REPLACEMENT_SUFFIX);
  const stem = isReplacement ? whole.slice(0, -REPLACEMENT_SUFFIX.length) : whole;
  const dash = stem.indexOf("-");
  if (dash < 0) return undefined;
  const digest = findDigest(`${stem.slice(0, dash)}:${stem.slice(dash + 1)}`);
  return digest === undefined ? undefined : { digest, isSmall: small !== undefined, isReplacement };
}
