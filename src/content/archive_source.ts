/**
 * The input of an import: the files of an archive or of a directory, one after the other.
 *
 * @module
 */
import type { ByteReader } from "../base/bytes.ts";

/** A regular file. */
export interface SourceFile {
  readonly kind: "file";
  /** The path below the root, without `.` and `..`. */
  readonly name: string;
  /** Size in bytes. */
  readonly size: number;
  /** The content. Valid until the next item is requested. */
  readonly reader: ByteReader;
}

/** A link to another file. */
export interface SourceLink {
  readonly kind: "link";
  readonly name: string;
  /** The path of the other file below the root, without `.` and `..`. */
  readonly target: string;
}

/** Every file and link, in the order of the archive. */
export type ArchiveSource = AsyncIterable<SourceFile | SourceLink>;
