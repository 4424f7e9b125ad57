/**
 * Overrides of an entry's header by the headers before it: PAX records and GNU long names.
 *
 * @module
 */
import { AppError } from "../base/errors.ts";
import type { SparseRegion } from "./entry.ts";
import { checkLimit, type TarLimits } from "./limits.ts";
import { decodeName } from "./name.ts";
import { paxNumber, type PaxRecords, paxText, readPaxRecords, XATTR_PREFIX } from "./pax.ts";
import { pairRegions } from "./sparse.ts";

/** Collects overrides. Global records apply to all following entries, the others only to the next entry. */
export class Overrides {
  readonly #limits: TarLimits;
  readonly #global: PaxRecords = new Map();
  #globalBytes = 0;
  #local: PaxRecords = new Map();
  /** Sparse format 0.0 repeats its keys, so their order matters. */
  #sparseNumbers: string[] = [];
  #longName: string | undefined;
  #longLink: string | undefined;

  constructor(limits: TarLimits) {
    this.#limits = limits;
  }

  /** Adds a PAX header of the next entry. */
  addPax(bytes: Uint8Array): void {
    for (const [key, value] of readPaxRecords(bytes)) {
      if (key === "GNU.sparse.offset" || key === "GNU.sparse.numbytes") {
        this.#sparseNumbers.push(decodeName(value));
      } else this.#local.set(key, value);
    }
  }

  /**
   * Adds a PAX header of all following entries.
   *
   * @throws AppError `limit_exceeded` for the total size of all global headers
   */
  addGlobalPax(bytes: Uint8Array): void {
    this.#globalBytes += bytes.length;
    checkLimit(this.#limits, "paxBytes", this.#globalBytes, "the size of all global PAX headers");
    for (const [key, value] of readPaxRecords(bytes)) this.#global.set(key, value);
  }

  /** Adds a GNU long name. */
  addLongName(bytes: Uint8Array): void {
    this.#longName = cString(bytes);
  }

  /** Adds a GNU long link target. */
  addLongLink(bytes: Uint8Array): void {
    this.#longLink = cString(bytes);
  }

  /** Whether there are overrides for the next entry. */
  get isPending(): boolean {
    return this.#local.size > 0 || this.#longName !== undefined || this.#longLink !== undefined ||
      this.#sparseNumbers.length > 0;
  }

  /** Removes the overrides of the entry that was just read. */
  clear(): void {
    if (!this.isPending) return;
    this.#local = new Map();
    this.#sparseNumbers = [];
    this.#longName = this.#longLink = undefined;
  }

  /**
   * The value of a record. An empty value removes that of a global header (POSIX.1-2017 pax, "pax Header
   * Block").
   */
  find(key: string): Uint8Array | undefined {
    const value = this.#local.get(key) ?? this.#global.get(key);
    return value === undefined || value.length === 0 ? undefined : value;
  }

  /** The value of a record as text. */
  findText(key: string): string | undefined {
    const value = this.find(key);
    return value && paxText(value, key);
  }

  /** The value of a record as a number. */
  findNumber(key: string): number | undefined {
    const value = this.find(key);
    return value && paxNumber(value, key);
  }

  /**
   * The overridden name. Sparse formats store the real name in a separate record, which old readers ignore.
   */
  findName(): string | undefined {
    return this.findText("GNU.sparse.name") ?? this.findText("path") ?? this.#longName;
  }

  /** The overridden link target. */
  findLink(): string | undefined {
    return this.findText("linkpath") ?? this.#longLink;
  }

  /** Extended attributes. An empty value removes an attribute of a global header. */
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

  /** The sparse map of formats 0.0 and 0.1, or "in data" for 1.0, whose map precedes the file's data. */
  findSparse(): readonly SparseRegion[] | "in data" | undefined {
    const major = this.findText("GNU.sparse.major");
    const minor = this.findText("GNU.sparse.minor");
    if (major === "1" && minor === "0") return "in data";
    if (major !== undefined && major !== "0") {
      throw new AppError(
        "unsupported",
        `Cannot read archive: sparse format ${major}.${
          minor ?? 0
        } is not supported; only 0.0, 0.1 and 1.0 are`,
      );
    }
    if (this.#sparseNumbers.length > 0) return pairRegions(this.#sparseNumbers);
    const map = this.findText("GNU.sparse.map");
    return map === undefined ? undefined : pairRegions(map.split(","));
  }

  /** The size of a PAX sparse file, including holes. */
  findSparseSize(): number | undefined {
    return this.findNumber("GNU.sparse.realsize") ?? this.findNumber("GNU.sparse.size");
  }
}

const NO_XATTRS: ReadonlyMap<string, Uint8Array> = new Map();

function cString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decodeName(end < 0 ? bytes : bytes.subarray(0, end));
}
