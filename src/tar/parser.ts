/**
 * The archive reader: bytes in, in pieces of any size; entries out, through a sink. Nothing is awaited, so a loop
 * that decompresses, hashes and writes files runs at full speed.
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

/** What the next bytes are. */
type Stage = "header" | "meta" | "extension" | "line map" | "data" | "padding" | "end";

/** A file whose header was read and whose sparse map may still follow. */
interface OpenFile {
  readonly kind: RawKind;
  readonly header: RawHeader;
  /** Bytes in the archive, a map before the data included. */
  readonly stored: number;
  /** Bytes when expanded. */
  readonly size: number;
}

/** Reads one archive. */
export class TarParser {
  readonly #sink: TarSink;
  readonly #limits: TarLimits;
  readonly #overrides: Overrides;
  readonly #block = new Uint8Array(BLOCK_BYTES);
  #blockHave = 0;
  #stage: Stage = "header";
  #headers = 0;
  #zeroBlocks = 0;
  /** Bytes to go in "meta", "data" and "padding". */
  #left = 0;
  #padding = 0;
  #meta = new Uint8Array(0);
  #metaType = "";
  #file: OpenFile | undefined;
  #lineMap: LineMap | undefined;
  #regions: SparseRegion[] = [];
  /** The stretches that data goes to, and how far it has come. */
  #targets: readonly SparseRegion[] = [];
  #target = 0;
  #offset = 0;

  /** @param sink hears of everything, in order; what it throws goes through `push` */
  constructor(sink: TarSink, limits: TarLimits) {
    this.#sink = sink;
    this.#limits = limits;
    this.#overrides = new Overrides(limits);
  }

  /** Whether the end of the archive was seen; bytes that still come are not looked at. */
  get isEnded(): boolean {
    return this.#stage === "end";
  }

  /**
   * Takes the next bytes.
   *
   * @throws AppError `invalid_content`, `unsupported`, `limit_exceeded`, or what the sink throws
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
          at += this.#gatherBlock(bytes, at);
      }
    }
  }

  /**
   * Says that no more bytes come.
   *
   * @param end whether the two zero blocks must have been there. Where a digest proves that the archive is whole,
   * they may be missing: some writers never close their archives
   * @throws AppError `invalid_content` if the archive is cut
   */
  finish(end: "required" | "optional"): void {
    if (this.#stage === "end") return;
    const isBetween = this.#stage === "header" && this.#blockHave === 0 && !this.#overrides.isPending;
    if (isBetween && (end === "optional" || this.#zeroBlocks > 0)) return;
    throw new AppError("invalid_content", "Cannot read archive: it is cut");
  }

  #gatherBlock(bytes: Uint8Array, at: number): number {
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
      if (this.#overrides.isPending) throw invalid("no entry follows a header that is about one");
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
    this.#left = size;
    this.#padding = paddingOf(size);
    this.#stage = "meta";
    if (size === 0) this.#endMeta();
  }

  #takeMeta(bytes: Uint8Array, at: number): number {
    const length = Math.min(this.#left, bytes.length - at);
    this.#meta.set(bytes.subarray(at, at + length), this.#meta.length - this.#left);
    this.#left -= length;
    if (this.#left === 0) this.#endMeta();
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
    // Only files have data: what other headers say of a size is a hint at most.
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
    if (file === undefined || map === undefined) throw new AppError("internal", "A sparse map has no file");
    const regions = map.take(block);
    checkLimit(this.#limits, "paxBytes", map.taken, "the size of a sparse map");
    if (regions !== undefined) this.#beginSparse(file, regions, file.stored - map.taken);
    else if (map.taken + BLOCK_BYTES > file.stored) throw invalid("a sparse map is longer than its file");
  }

  #beginSparse(file: OpenFile, regions: readonly SparseRegion[], stored: number): void {
    if (stored < 0) throw invalid("a sparse map is longer than its file");
    this.#beginFile(file, checkRegions(regions, file.size, stored), stored);
  }

  #beginFile(file: OpenFile, sparse: readonly SparseRegion[] | undefined, stored: number): void {
    const facts = sparse === undefined ? { size: file.size } : { size: file.size, sparse };
    this.#sink.begin(makeEntry(file.kind, file.header, this.#overrides, facts, this.#limits));
    this.#overrides.clear();
    this.#file = this.#lineMap = undefined;
    this.#targets = sparse ?? [{ offset: 0, length: stored }];
    this.#target = 0;
    this.#offset = this.#targets[0]?.offset ?? 0;
    this.#left = stored;
    this.#padding = paddingOf(stored);
    this.#stage = "data";
    if (stored === 0) this.#endFile();
  }

  #takeData(bytes: Uint8Array, at: number): number {
    const region = this.#targets[this.#target];
    if (region === undefined) throw new AppError("internal", "Data has no place in its file");
    const length = Math.min(region.offset + region.length - this.#offset, bytes.length - at);
    this.#sink.data(bytes.subarray(at, at + length), this.#offset);
    this.#offset += length;
    this.#left -= length;
    if (this.#left === 0) this.#endFile();
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
