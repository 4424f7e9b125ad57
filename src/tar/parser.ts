/**
 * An incremental tar parser. It accepts bytes in pieces of any size and passes the entries to a sink. It is
 * synchronous, because awaiting would slow down the loop that decompresses, hashes and writes files.
 *
 * `@std/tar` is not used: it supports only ustar headers, without PAX records, GNU extensions and device nodes.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import type { SparseRegion, TarSink } from "./entry.ts";
import { BLOCK_BYTES, isZeroBlock, paddingOf, type RawHeader, readHeader, TYPES } from "./header.ts";
import { checkLimit, type TarLimits } from "./limits.ts";
import { kindOf, makeEntry, nameOf, type RawKind } from "./make_entry.ts";
import { Overrides } from "./overrides.ts";
import { checkRegions, LineMap, readGnuExtension, readGnuHeaderMap, readGnuRealSize } from "./sparse.ts";

/** The part of the archive that the next bytes belong to. */
type Stage = "header" | "meta" | "extension" | "line map" | "data" | "padding" | "end";

/** A file whose header was read. Its sparse map may follow. */
interface CurrentFile {
  readonly kind: RawKind;
  readonly header: RawHeader;
  /** Bytes in the archive, including a sparse map before the data. */
  readonly stored: number;
  /** Bytes including holes. */
  readonly size: number;
}

/** Parses one archive. */
export class TarParser {
  readonly #sink: TarSink;
  readonly #limits: TarLimits;
  readonly #overrides: Overrides;
  readonly #block = new Uint8Array(BLOCK_BYTES);
  #blockHave = 0;
  #stage: Stage = "header";
  #headers = 0;
  #zeroBlocks = 0;
  /** Remaining bytes of "meta" and "data". */
  #remaining = 0;
  #padding = 0;
  #meta = new Uint8Array(0);
  #metaType = "";
  #file: CurrentFile | undefined;
  #lineMap: LineMap | undefined;
  #regions: SparseRegion[] = [];
  /** The regions that the data belongs to, and the current position. */
  #targets: readonly SparseRegion[] = [];
  #target = 0;
  #offset = 0;

  /** @param sink receives the entries in order; `push` rethrows its errors */
  constructor(sink: TarSink, limits: TarLimits) {
    this.#sink = sink;
    this.#limits = limits;
    this.#overrides = new Overrides(limits);
  }

  /** Whether the end of the archive was found. Further bytes are ignored. */
  get isEnded(): boolean {
    return this.#stage === "end";
  }

  /**
   * Parses the next bytes.
   *
   * @throws AppError `invalid_content`, `unsupported`, `limit_exceeded`; errors of the sink
   */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      switch (this.#stage) {
        case "data":
          at += this.#takeData(bytes, at);
          break;
        case "padding":
          at += this.#takePadding(bytes.length - at);
          break;
        case "meta":
          at += this.#takeMeta(bytes, at);
          break;
        case "end":
          return;
        default:
          at += this.#takeBlockPart(bytes, at);
      }
    }
  }

  /**
   * Ends the input.
   *
   * @param end whether the archive must end with two zero blocks. Some writers omit them, so "optional" is
   * for archives whose digest is verified
   * @throws AppError `invalid_content` if the archive is truncated
   */
  finish(end: "required" | "optional"): void {
    if (this.#stage === "end") return;
    const isBetween = this.#stage === "header" && this.#blockHave === 0 && !this.#overrides.isPending;
    if (isBetween && (end === "optional" || this.#zeroBlocks > 0)) return;
    throw new AppError("invalid_content", "Cannot read archive: not a tar archive, or truncated");
  }

  #takeBlockPart(bytes: Uint8Array, at: number): number {
    if (this.#blockHave === 0 && bytes.length - at >= BLOCK_BYTES) {
      this.#takeBlock(bytes.subarray(at, at + BLOCK_BYTES));
      return BLOCK_BYTES;
    }
    const length = Math.min(BLOCK_BYTES - this.#blockHave, bytes.length - at);
    this.#block.set(bytes.subarray(at, at + length), this.#blockHave);
    this.#blockHave += length;
    if (this.#blockHave === BLOCK_BYTES) {
      this.#blockHave = 0;
      this.#takeBlock(this.#block);
    }
    return length;
  }

  #takeBlock(block: Uint8Array): void {
    if (this.#stage === "extension") this.#takeExtension(block);
    else if (this.#stage === "line map") this.#takeMapLines(block);
    else this.#takeHeader(block);
  }

  #takeHeader(block: Uint8Array): void {
    if (block[0] === 0 && isZeroBlock(block)) {
      if (this.#overrides.isPending) throw invalid("a PAX or long name header is not followed by an entry");
      if (++this.#zeroBlocks === 2) this.#stage = "end";
      return;
    }
    if (this.#zeroBlocks > 0) throw invalid("a header follows a zero block");
    checkLimit(this.#limits, "entries", ++this.#headers, "the number of headers");
    const header = readHeader(block);
    switch (header.type) {
      case TYPES.pax:
      case TYPES.paxGlobal:
      case TYPES.gnuLongName:
      case TYPES.gnuLongLink:
        return this.#beginMeta(header);
      default:
        return this.#beginEntry(header, block);
    }
  }

  #beginMeta({ type, size }: RawHeader): void {
    checkLimit(this.#limits, "paxBytes", size, "the size of a PAX or long name header");
    this.#meta = new Uint8Array(size);
    this.#metaType = type;
    this.#remaining = size;
    this.#padding = paddingOf(size);
    this.#stage = "meta";
    if (size === 0) this.#endMeta();
  }

  #takeMeta(bytes: Uint8Array, at: number): number {
    const length = Math.min(this.#remaining, bytes.length - at);
    this.#meta.set(bytes.subarray(at, at + length), this.#meta.length - this.#remaining);
    this.#remaining -= length;
    if (this.#remaining === 0) this.#endMeta();
    return length;
  }

  #endMeta(): void {
    if (this.#metaType === TYPES.pax) this.#overrides.addPax(this.#meta);
    else if (this.#metaType === TYPES.paxGlobal) this.#overrides.addGlobalPax(this.#meta);
    else if (this.#metaType === TYPES.gnuLongName) this.#overrides.addLongName(this.#meta);
    else this.#overrides.addLongLink(this.#meta);
    this.#meta = new Uint8Array(0);
    this.#beginPadding();
  }

  #beginEntry(header: RawHeader, block: Uint8Array): void {
    const kind = kindOf(header.type, nameOf(header, this.#overrides));
    // Only files have data. Ignore the size of other entries: some writers set it for hard links and
    // directories.
    if (kind !== "file" && kind !== "gnu-sparse") {
      this.#sink.begin(makeEntry(kind, header, this.#overrides, { size: 0 }, this.#limits));
      this.#overrides.clear();
      this.#sink.end();
      return;
    }
    const stored = this.#overrides.findNumber("size") ?? header.size;
    if (kind === "gnu-sparse") {
      this.#file = { kind, header, stored, size: readGnuRealSize(block) };
      const { regions, isExtended } = readGnuHeaderMap(block);
      this.#regions = [...regions];
      if (isExtended) this.#stage = "extension";
      else this.#beginSparse(this.#file, this.#regions, stored);
      return;
    }
    const sparse = this.#overrides.findSparse();
    const file = { kind, header, stored, size: sparse ? this.#overrides.findSparseSize() ?? stored : stored };
    if (sparse === undefined) this.#beginFile(file, undefined, stored);
    else if (sparse === "in data") {
      this.#file = file;
      this.#lineMap = new LineMap();
      this.#stage = "line map";
      if (stored < BLOCK_BYTES) throw invalid("a sparse file has no map");
    } else this.#beginSparse(file, sparse, stored);
  }

  #takeExtension(block: Uint8Array): void {
    const { regions, isExtended } = readGnuExtension(block);
    this.#regions.push(...regions);
    checkLimit(this.#limits, "paxBytes", this.#regions.length * 24, "the size of a sparse map");
    if (isExtended && regions.length === 0) throw invalid("a sparse map has an empty block");
    if (!isExtended && this.#file) this.#beginSparse(this.#file, this.#regions, this.#file.stored);
  }

  #takeMapLines(block: Uint8Array): void {
    const file = this.#file;
    const map = this.#lineMap;
    if (file === undefined || map === undefined) {
      throw new AppError("internal", "Cannot read archive: a sparse map has no file");
    }
    const regions = map.parse(block);
    checkLimit(this.#limits, "paxBytes", map.parsedBytes, "the size of a sparse map");
    if (regions !== undefined) this.#beginSparse(file, regions, file.stored - map.parsedBytes);
    else if (map.parsedBytes + BLOCK_BYTES > file.stored) {
      throw invalid("a sparse map is longer than its file");
    }
  }

  #beginSparse(file: CurrentFile, regions: readonly SparseRegion[], stored: number): void {
    if (stored < 0) throw invalid("a sparse map is longer than its file");
    this.#beginFile(file, checkRegions(regions, file.size, stored), stored);
  }

  #beginFile(file: CurrentFile, sparse: readonly SparseRegion[] | undefined, stored: number): void {
    const metadata = sparse === undefined ? { size: file.size } : { size: file.size, sparse };
    this.#sink.begin(makeEntry(file.kind, file.header, this.#overrides, metadata, this.#limits));
    this.#overrides.clear();
    this.#file = this.#lineMap = undefined;
    this.#targets = sparse ?? [{ offset: 0, length: stored }];
    this.#target = 0;
    this.#offset = this.#targets[0]?.offset ?? 0;
    this.#remaining = stored;
    this.#padding = paddingOf(stored);
    this.#stage = "data";
    if (stored === 0) this.#endFile();
  }

  #takeData(bytes: Uint8Array, at: number): number {
    const region = this.#targets[this.#target];
    if (region === undefined) {
      throw new AppError("internal", "Cannot read archive: data is outside the file's regions");
    }
    const length = Math.min(region.offset + region.length - this.#offset, bytes.length - at);
    this.#sink.data(bytes.subarray(at, at + length), this.#offset);
    this.#offset += length;
    this.#remaining -= length;
    if (this.#remaining === 0) this.#endFile();
    else if (this.#offset === region.offset + region.length) {
      this.#offset = this.#targets[++this.#target]?.offset ?? 0;
    }
    return length;
  }

  #endFile(): void {
    this.#sink.end();
    this.#beginPadding();
  }

  #beginPadding(): void {
    this.#stage = this.#padding > 0 ? "padding" : "header";
  }

  #takePadding(available: number): number {
    const length = Math.min(this.#padding, available);
    this.#padding -= length;
    if (this.#padding === 0) this.#stage = "header";
    return length;
  }
}

function invalid(state: string): AppError {
  return new AppError("invalid_content", `Cannot read archive: ${state}`);
}
