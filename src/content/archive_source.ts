/**
 * The contract of what an import reads: the files of an archive, or of a folder, one after the other.
 *
 * @module
 */
import type { ByteReader } from "../base/bytes.ts";

/** One file; its reader is good until the next one is asked for. */
export interface SourceFile {
  readonly kind: "file";
  /** The path below the archive's root, cleaned. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly reader: ByteReader;
}

/** A further name of another file. */
export interface SourceLink {
  readonly kind: "link";
  readonly name: string;
  /** The path below the archive's root, cleaned. */
  readonly target: string;
}

/** Everything that an import may use, in the order that it stands in. */
export type ArchiveSource = AsyncIterable<SourceFile | SourceLink>;
