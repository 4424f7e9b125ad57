import { assert, assertEquals, assertThrows } from "../../tests/assert.ts";
import { concatBytes, readAll } from "../base/bytes.ts";
import { neverAborted } from "../base/concurrency/abort.ts";
import { COMMON, END, rawEntry, readArchive, type TestEntry, writeArchive } from "./archive_fake.ts";
import type { Entry } from "./entry.ts";
import { DEFAULT_TAR_LIMITS } from "./limits.ts";
import { decodeName, encodeName } from "./name.ts";
import { TarReader } from "./reader.ts";
import { TarWriter } from "./writer.ts";

const NO_CONTENT = new Uint8Array(0);

const ENTRIES: readonly TestEntry[] = [
  { entry: { ...COMMON, kind: "directory", name: "dir/", mode: 0o1777 }, content: NO_CONTENT },
  { entry: { ...COMMON, kind: "file", name: "dir/a", size: 5 }, content: encodeName("hello") },
  { entry: { ...COMMON, kind: "file", name: `${"x/".repeat(150)}long`, size: 0 }, content: NO_CONTENT },
  { entry: { ...COMMON, kind: "file", name: "Főtanúsítvány.crt", size: 0 }, content: NO_CONTENT },
  {
    entry: { ...COMMON, kind: "file", name: decodeName(Uint8Array.of(0xff, 0xe9, 0x41)), size: 0 },
    content: NO_CONTENT,
  },
  { entry: { ...COMMON, kind: "symlink", name: "s", target: `/${"t".repeat(200)}` }, content: NO_CONTENT },
  { entry: { ...COMMON, kind: "hardlink", name: "h", target: "dir/a" }, content: NO_CONTENT },
  {
    entry: { ...COMMON, kind: "device", name: "d", device: "block", major: 4000, minor: 3_000_000 },
    content: NO_CONTENT,
  },
  {
    entry: { ...COMMON, kind: "fifo", name: "p", userName: "ü", groupName: "g".repeat(40) },
    content: NO_CONTENT,
  },
  {
    entry: {
      ...COMMON,
      kind: "file",
      name: "attributes",
      size: 0,
      uid: 4294967294,
      gid: 3_000_000,
      mtime: { seconds: -2, nanoseconds: 500_000_001 },
      xattrs: new Map([["security.capability", Uint8Array.of(1, 0, 0x3d, 0xff)], [
        "user.b",
        encodeName("2"),
      ]]),
    },
    content: NO_CONTENT,
  },
];

Deno.test("TarWriter writes entries that TarParser reads back unchanged", () => {
  assertEquals(readArchive(writeArchive(ENTRIES)), ENTRIES);
});

Deno.test("TarWriter writes the same bytes for any order of xattrs", () => {
  const xattrs = [["user.a", encodeName("1")], ["user.b", encodeName("2")]] as const;
  const make = (pairs: typeof xattrs | readonly (typeof xattrs)[number][]) =>
    writeArchive([{ entry: { ...COMMON, kind: "fifo", xattrs: new Map(pairs) }, content: NO_CONTENT }]);
  assertEquals(make(xattrs), make([...xattrs].reverse()));
});

Deno.test("TarWriter writes holes as zeros and rejects data outside the file", () => {
  const chunks: Uint8Array[] = [];
  const writer = new TarWriter((bytes) => chunks.push(bytes.slice()));
  writer.begin({ ...COMMON, kind: "file", size: 10 });
  writer.data(encodeName("ab"), 3);
  writer.data(encodeName("c"), 6);
  assertThrows(() => writer.data(encodeName("x"), 5));
  assertThrows(() => writer.data(encodeName("xy"), 9));
  writer.end();
  writer.finish();
  const [file] = readArchive(concatBytes(chunks));
  assertEquals(new TextDecoder().decode(file?.content), "\0\0\0ab\0c\0\0\0");
});

function source(bytes: Uint8Array, piece: number) {
  let at = 0;
  return {
    read(buffer: Uint8Array) {
      if (at === bytes.length) return Promise.resolve(null);
      const part = bytes.subarray(at, at + Math.min(piece, buffer.length));
      buffer.set(part);
      at += part.length;
      return Promise.resolve(part.length);
    },
  };
}

Deno.test("TarReader returns entries in order, and reads or skips their content", async () => {
  const big: Entry = { ...COMMON, kind: "file", name: "big", size: 200_000 };
  const content = new Uint8Array(200_000).map((_, i) => i % 251);
  const whole = writeArchive([{ entry: big, content }, ...ENTRIES, { entry: big, content }]);
  for (const piece of [100, 70_000]) {
    const reader = new TarReader(source(whole, piece), DEFAULT_TAR_LIMITS);
    assertEquals(await reader.read(new Uint8Array(1)), null);
    for (const { entry } of [{ entry: big }, ...ENTRIES]) {
      assertEquals(await reader.nextEntry(neverAborted()), entry);
    }
    assertEquals(await reader.nextEntry(neverAborted()), big);
    assertEquals(await readAll(reader, 200_000, "content"), content);
    assertEquals(await reader.nextEntry(neverAborted()), undefined);
    assertEquals(await reader.nextEntry(neverAborted()), undefined);
  }
});

Deno.test("TarReader fails on a truncated archive and stops at the signal", async () => {
  const reader = new TarReader(source(rawEntry({ name: "a" }), 512), DEFAULT_TAR_LIMITS);
  assert(await reader.nextEntry(neverAborted()));
  const failure = await reader.nextEntry(neverAborted()).catch((error) => error.code);
  assertEquals(failure, "invalid_content");
  const stopped = new TarReader(source(END, 512), DEFAULT_TAR_LIMITS);
  const reason = new RangeError("stop");
  assertEquals(await stopped.nextEntry(AbortSignal.abort(reason)).catch((error) => error), reason);
});

Deno.test("decodeName() and encodeName() preserve every byte, and keep UTF-8 as ordinary text", () => {
  for (
    const bytes of [[0x61, 0xc3, 0xa9], [0xff], [0xc3], [0x61, 0xed, 0xb2, 0x80, 0xf0, 0x9f, 0x98, 0x80], [
      0xe9,
      0x62,
    ]]
  ) {
    const name = decodeName(Uint8Array.from(bytes));
    assertEquals([...encodeName(name)], bytes);
  }
  assertEquals(decodeName(Uint8Array.of(0x61, 0xc3, 0xa9)), "aé");
});
