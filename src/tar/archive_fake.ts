/**
 * Archives for tests, with headers of old tools and with attacks that no tool writes.
 *
 * @module
 */
import { concatBytes } from "../base/bytes.ts";
import type { Entry, EntryCommon, TarSink } from "./entry.ts";
import { BLOCK_BYTES, fieldOf, FIELDS, paddingOf, writeChecksum } from "./header.ts";
import { encodeName } from "./name.ts";
import { writeNumber } from "./number.ts";
import { TarParser } from "./parser.ts";
import { DEFAULT_TAR_LIMITS, type TarLimits } from "./limits.ts";
import { TarWriter } from "./writer.ts";

/** The fields of a header. Text and bytes are written unchanged, numbers in octal or base 256. */
export type RawFields = { readonly [Name in keyof typeof FIELDS]?: string | number | Uint8Array };

/** One header block with a valid checksum unless one is given, followed by data and padding. */
export function rawEntry(fields: RawFields, data: Uint8Array | string = ""): Uint8Array {
  const bytes = typeof data === "string" ? encodeName(data) : data;
  const block = new Uint8Array(BLOCK_BYTES);
  const all = {
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: 0,
    size: bytes.length,
    type: "0",
    magic: "ustar\x0000",
    ...fields,
  };
  for (const [name, value] of Object.entries(all) as [keyof typeof FIELDS, string | number | Uint8Array][]) {
    const field = fieldOf(block, FIELDS[name]);
    if (typeof value === "number") writeNumber(field, value);
    else field.set(typeof value === "string" ? encodeName(value) : value);
  }
  if (fields.checksum === undefined) writeChecksum(block);
  return concatBytes([block, bytes, new Uint8Array(paddingOf(bytes.length))]);
}

/** The two blocks that end an archive. */
export const END = new Uint8Array(2 * BLOCK_BYTES);

/** A PAX header with these records. */
export function paxEntry(
  records: Readonly<Record<string, string | Uint8Array>>,
  type: "x" | "g" = "x",
): Uint8Array {
  const lines = Object.entries(records).map(([key, value]) => {
    const body = concatBytes([encodeName(` ${key}=`), typeof value === "string" ? encodeName(value) : value]);
    let length = body.length + 2;
    while (String(length).length + body.length + 1 !== length) length++;
    return concatBytes([encodeName(String(length)), body, Uint8Array.of(0x0a)]);
  });
  return rawEntry({ name: "pax", type }, concatBytes(lines));
}

/** Default metadata of entries. */
export const COMMON: EntryCommon = {
  name: "name",
  mode: 0o644,
  uid: 0,
  gid: 0,
  userName: "",
  groupName: "",
  mtime: { seconds: 1_600_000_000, nanoseconds: 0 },
  xattrs: new Map(),
};

/** An entry with its content. */
export interface TestEntry {
  readonly entry: Entry;
  readonly content: Uint8Array;
}

/** Writes a whole archive with {@linkcode TarWriter}. */
export function writeArchive(entries: readonly TestEntry[]): Uint8Array {
  const chunks: Uint8Array[] = [];
  const writer = new TarWriter((bytes) => chunks.push(bytes.slice()));
  for (const { entry, content } of entries) {
    writer.begin(entry);
    if (content.length > 0) writer.data(content, 0);
    writer.end();
  }
  writer.finish();
  return concatBytes(chunks);
}

/** A sink that collects entries and contents, with holes as zeros. */
export function collector(): TarSink & { readonly seen: TestEntry[] } {
  const seen: TestEntry[] = [];
  let content = new Uint8Array(0);
  return {
    seen,
    begin(entry) {
      content = new Uint8Array(entry.kind === "file" ? entry.size : 0);
      seen.push({ entry, content });
    },
    data: (bytes, offset) => content.set(bytes, offset),
    end() {},
  };
}

/** Reads a whole archive in pieces of `piece` bytes. */
export function readArchive(
  bytes: Uint8Array,
  piece = bytes.length,
  limits: TarLimits = DEFAULT_TAR_LIMITS,
): readonly TestEntry[] {
  const sink = collector();
  const parser = new TarParser(sink, limits);
  for (let at = 0; at < bytes.length; at += piece) parser.push(bytes.subarray(at, at + piece));
  parser.finish("required");
  return sink.seen;
}
