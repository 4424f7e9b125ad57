/**
 * What the headers before an entry's own say about it: PAX records and GNU long names.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import type { SparseRegion } from "./entry.ts";
import { checkLimit, type TarLimits } from "./limits.ts";
import { decodeName } from "./name.ts";
import { paxNumber, type PaxRecords, paxText, readPaxRecords, XATTR_PREFIX } from "./pax.ts";
import { pairRegions } from "./sparse.ts";

/** Gathers overrides; global ones stay, all others are for the next entry alone. */
export class Overrides {
  readonly #limits: TarLimits;
  readonly #global: PaxRecords = new Map();
  #globalBytes = 0;
  #local: PaxRecords = new Map();
  /** PAX form 0.0 repeats its keys, so the order must be kept. */
  #sparseNumbers: string[] = [];
  #longName: string | undefined;
  #longLink: string | undefined;

  constructor(limits: TarLimits) {
    this.#limits = limits;
  }

  /** Takes a PAX header for the next entry. */
  addPax(bytes: Uint8Array): void {
    for (const [key, value] of readPaxRecords(bytes)) {
      if (key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes") {
        this.#sparseNumbers.push(decodeName(value));
      } else this.#local.set(key, value);
    }
  }

  /**
   * Takes a PAX header for all entries that follow.
   *
   * @throws AppError `limit_exceeded`: many small ones would fill the memory as one large one does
   */
  addGlobalPax(bytes: Uint8Array): void {
    this.#globalBytes += bytes.length;
    checkLimit(this.#limits, "paxBytes", this.#globalBytes, "the size of all global PAX headers");
    for (const [key, value] of readPaxRecords(bytes)) this.#global.set(key, value);
  }

  /** Takes a GNU long name. */
  addLongName(bytes: Uint8Array): void {
    this.#longName = cString(bytes);
  }

  /** Takes a GNU long link target. */
  addLongLink(bytes: Uint8Array): void {
    this.#longLink = cString(bytes);
  }

  /** Whether something waits for an entry. */
  get isPending(): boolean {
    return this.#local.size > 0 || this.#longName !== undefined || this.#longLink !== undefined ||
      this.#sparseNumbers.length > 0;
  }

  /** Forgets what was for the entry that is now read. */
  clear(): void {
    if (!this.isPending) return;
    this.#local = new Map();
    this.#sparseNumbers = [];
    this.#longName = this.#longLink = undefined;
  }

  /** A record's value; an empty one takes back what a global header or the entry itself says (pax, 4.3). */
  find(key: string): Uint8Array | undefined {
    const value = this.#local.get(key) ?? this.#global.get(key);
    return value === undefined || value.length === 0 ? undefined : value;
  }

  /** A record's value as text. */
  findText(key: string): string | undefined {
    const value = this.find(key);
    return value && paxText(value, key);
  }

  /** A record's value as a number. */
  findNumber(key: string): number | undefined {
    const value = this.find(key);
    return value && paxNumber(value, key);
  }

  /** The name, if an override has one. The sparse forms keep the true name apart, so that old readers don't use it. */
  findName(): string | undefined {
    return this.findText("GNU.sparse.name") ?? this.findText("path") ?? this.#longName;
  }

  /** The link target, if an override has one. */
  findLink(): string | undefined {
    return this.findText("linkpath") ?? this.#longLink;
  }

  /** Extended attributes; empty values are taken back ones. */
  xattrs(): ReadonlyMap<string, Uint8Array> {
    if (this.#local.size === 0 && this.#global.size === 0) return NO_XATTRS;
    const xattrs = new Map<string, Uint8Array>();
    for (const records of [this.#global, this.#local]) {
      for (const [key, value] of records) {
        if (!key.startsWith(XATTR_PREFIX)) continue;
        const name = key.slice(XATTR_PREFIX.length);
        if (value.length > 0) xattrs.set(name, value);
        else xattrs.delete(name);
      }
    }
    return xattrs;
  }

  /** The map of PAX forms 0.0 and 0.1, or "in data" for 1.0. */
  findSparse(): readonly SparseRegion[] | "in data" | undefined {
    const major = this.findText("GNU.sparse.major");
    const minor = this.findText("GNU.sparse.minor");
    if (major === "1" && minor === "0") return "in data";
    if (major !== undefined && major !== "0") {
      throw new AppError(
        "unsupported",
        `Cannot read archive: sparse format ${major}.${minor ?? 0} is unknown, want 0.0, 0.1 or 1.0`,
      );
    }
    if (this.#sparseNumbers.length > 0) return pairRegions(this.#sparseNumbers);
    const map = this.findText("GNU.sparse.map");
    return map === undefined ? undefined : pairRegions(map.split(","));
  }

  /** The size of a PAX sparse file when expanded. */
  findSparseSize(): number | undefined {
    return this.findNumber("GNU.sparse.realsize") ?? this.findNumber("GNU.sparse.size");
  }
}

const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decodeName(end < 0 ? bytes : bytes.subarray(0, end));
}
