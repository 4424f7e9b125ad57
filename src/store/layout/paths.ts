/**
 * Where everything in a store is. Nobody joins paths outside this file.
 *
 * @module
 */
import { algorithmOf, type Digest, findDigest, hexOf } from "../../oci/digest.ts";

/** What the directory of a replacement's ingest ends with. */
const REPLACEMENT_SUFFIX = ".replacement";
/** What the files of a small ingest end with: they have no directory, whose making and removing costs more than they. */
const SMALL_SUFFIX = ".small";
const SMALL_STATE_SUFFIX = `${SMALL_SUFFIX}.json`;
/** What the directory of a layer that is being unpacked begins with. */
const STAGING_PREFIX = ".staging-";
/** What holds everything that is no part of a layout while one is written that is to be nothing else. */
const WORK_NAME = ".dray-export";

/** The paths of an unfinished write. */
export interface IngestPaths {
  /** Its directory; undefined for a small one, whose files lie beside those of others. */
  readonly directory: string | undefined;
  /** The bytes so far; its lock is the writer's. */
  readonly data: string;
  /** What the bytes are to become. */
  readonly state: string;
}

/** An ingest, read from the name of its directory or of one of its files. */
export interface IngestName {
  readonly digest: Digest;
  /** Whether it is one of the small ones. */
  readonly isSmall: boolean;
  /** Whether it replaces a damaged blob. */
  readonly isReplacement: boolean;
}

/** The absolute paths of a store. */
export class StorePaths {
  /** The store itself, without a slash at the end. */
  readonly root: string;
  /** Where everything is that is no part of an OCI image layout: the store itself, but for {@linkcode plainLayoutPaths}. */
  readonly work: string;
  /** The marker that makes the folder an OCI image layout. */
  readonly layoutFile: string;
  /** The one database. */
  readonly indexFile: string;
  /** The next one, on its way. */
  readonly indexAside: string;
  /** Committed blobs, by algorithm. */
  readonly blobs: string;
  /** Unfinished writes. */
  readonly ingest: string;
  /** Unpacked layers, by the hexadecimal digits of their chain id. */
  readonly layers: string;
  /** Lock files. */
  readonly locks: string;
  /** Held by whoever changes the index. */
  readonly indexLock: string;
  /** Space for an index on a disk that is full. */
  readonly indexSpare: string;
  /** Held shared by whoever adds content, alone by whoever sweeps. */
  readonly contentLock: string;

  /**
   * @param root absolute, or relative to the working directory
   * @param workName a folder in it for what is no part of a layout
   */
  constructor(root: string, workName?: string) {
    this.root = root.replace(/(?<=.)\/+$/, "");
    this.work = workName === undefined ? this.root : `${this.root}/${workName}`;
    this.layoutFile = `${this.root}/oci-layout`;
    this.indexFile = `${this.root}/index.json`;
    this.indexAside = `${this.indexFile}.new`;
    this.blobs = `${this.root}/blobs`;
    this.ingest = `${this.work}/ingest`;
    this.layers = `${this.work}/layers`;
    this.locks = `${this.work}/locks`;
    this.indexLock = `${this.locks}/index`;
    this.indexSpare = `${this.indexLock}.spare`;
    this.contentLock = `${this.locks}/content`;
  }

  /** The directory of all blobs of a digest's algorithm. */
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

  /** An unpacked layer: `rootfs/`, and the marker that is written last. */
  layer(chainId: Digest): { readonly directory: string; readonly rootfs: string; readonly marker: string } {
    const directory = `${this.layers}/${hexOf(chainId)}`;
    return { directory, rootfs: `${directory}/rootfs`, marker: `${directory}/ready.json` };
  }

  /** Held by whoever unpacks a layer. */
  layerLock(chainId: Digest): string {
    return `${this.locks}/layer-${hexOf(chainId)}`;
  }

  /** The directory in which a layer is unpacked before it is renamed to its place. `unique` is the caller's to choose. */
  layerStaging(chainId: Digest, unique: string): string {
    return `${this.layers}/${STAGING_PREFIX}${hexOf(chainId)}-${unique}`;
  }
}

/** The paths of a layout that is nothing else once its `work` folder is gone. */
export function plainLayoutPaths(root: string): StorePaths {
  return new StorePaths(root, WORK_NAME);
}

/** Reads the name of an ingest's directory, or of a file of a small one; undefined if it is none. */
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
