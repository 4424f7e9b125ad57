import { assert, assertEquals, assertThrows } from "../../tests/assert.ts";
import { concatBytes } from "../base/bytes.ts";
import { isCode, messageOf } from "../base/errors.ts";
import { END, paxEntry, rawEntry, readArchive } from "./archive_fake.ts";
import type { Entry } from "./entry.ts";
import { DEFAULT_TAR_LIMITS } from "./limits.ts";
import { encodeName } from "./name.ts";
import { TarParser } from "./parser.ts";

const archive = (...parts: Uint8Array[]) => concatBytes([...parts, END]);
const text = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

function only(...parts: Uint8Array[]): { readonly entry: Entry; readonly content: Uint8Array } {
  const seen = readArchive(archive(...parts));
  assertEquals(seen.length, 1);
  const [first] = seen;
  assert(first);
  return first;
}

function refused(code: Parameters<typeof isCode>[1], ...parts: Uint8Array[]): string {
  const error = assertThrows(() => readArchive(concatBytes(parts)));
  assert(isCode(error, code), String(error));
  return messageOf(error);
}

Deno.test("TarParser reads each kind of ustar entry", () => {
  const seen = readArchive(archive(
    rawEntry({ name: "file", mode: 0o4755, uid: 1, gid: 2, userName: "u", groupName: "g", mtime: 7 }, "abc"),
    rawEntry({ name: "old", type: "\0", magic: "" }, "x"),
    rawEntry({ name: "contiguous", type: "7" }, "y"),
    rawEntry({ name: "old directory/", type: "\0", magic: "" }),
    rawEntry({ name: "directory", type: "5", mode: 0o1777 }),
    rawEntry({ name: "symlink", type: "2", linkName: "/target" }),
    rawEntry({ name: "hardlink", type: "1", linkName: "file" }),
    rawEntry({ name: "tty", type: "3", major: 5, minor: 1 }),
    rawEntry({ name: "disk", type: "4", major: 8, minor: 17 }),
    rawEntry({ name: "pipe", type: "6" }),
    rawEntry({ name: "name", prefix: "long/prefix" }),
  ));
  assertEquals(seen.map(({ entry }) => `${entry.kind} ${entry.name}`), [
    "file file",
    "file old",
    "file contiguous",
    "directory old directory/",
    "directory directory",
    "symlink symlink",
    "hardlink hardlink",
    "device tty",
    "device disk",
    "fifo pipe",
    "file long/prefix/name",
  ]);
  const { entry, content } = seen[0] ?? {};
  assertEquals(entry, {
    kind: "file",
    name: "file",
    mode: 0o4755,
    uid: 1,
    gid: 2,
    userName: "u",
    groupName: "g",
    mtime: { seconds: 7, nanoseconds: 0 },
    xattrs: new Map(),
    size: 3,
  });
  assertEquals(text(content), "abc");
  const device = seen[8]?.entry;
  assert(device?.kind === "device");
  assertEquals([device.device, device.major, device.minor], ["block", 8, 17]);
});

Deno.test("TarParser gives the same entries for pieces of any size", () => {
  const whole = archive(
    paxEntry({ path: "long name", "SCHILY.xattr.user.a": "1" }),
    rawEntry({ name: "x" }, "a".repeat(1025)),
    rawEntry({ name: "long", type: "L" }, "gnu name\0"),
    rawEntry({ name: "y" }, "b".repeat(512)),
    rawEntry({ name: "z" }),
  );
  const want = readArchive(whole);
  assertEquals(want.map((seen) => seen.entry.name), ["long name", "gnu name", "z"]);
  for (const piece of [1, 7, 511, 512, 513, 1024, 3000]) assertEquals(readArchive(whole, piece), want);
});

Deno.test("TarParser reads numbers beyond octal: ids over 2^31, sizes over 8 GiB, times before 1970", () => {
  const { entry } = only(
    rawEntry({ name: "a", uid: 4294967294, gid: 2 ** 40, mtime: -86400, type: "5" }),
  );
  assertEquals([entry.uid, entry.gid, entry.mtime.seconds], [4294967294, 2 ** 40, -86400]);
  const pax = only(paxEntry({ uid: "3000000000", mtime: "-1.5" }), rawEntry({ name: "a", type: "5" })).entry;
  assertEquals([pax.uid, pax.mtime], [3000000000, { seconds: -2, nanoseconds: 500000000 }]);
  const seen: Entry[] = [];
  const sink = { begin: (entry: Entry) => void seen.push(entry), data() {}, end() {} };
  for (const head of [rawEntry({ name: "a", size: 2 ** 40 + 1 }), paxEntry({ size: String(2 ** 40 + 1) })]) {
    const parser = new TarParser(sink, DEFAULT_TAR_LIMITS);
    parser.push(head);
    parser.push(rawEntry({ name: "a" }));
  }
  assertEquals(seen.map((entry) => entry.kind === "file" && entry.size), [2 ** 40 + 1, 2 ** 40 + 1]);
});

Deno.test("TarParser keeps PAX values as bytes and splits records at the first =", () => {
  const capability = Uint8Array.of(1, 0, 0, 2, 0xff, 0x3d, 0, 0x0a, 0xc3, 0x28);
  const { entry } = only(
    paxEntry({
      path: "a=b=c",
      "SCHILY.xattr.security.capability": capability,
      "SCHILY.xattr.user.equals": "x=y",
      "SCHILY.xattr.user.gone": "",
      "some.other": "ignored",
    }),
    rawEntry({ name: "x" }),
  );
  assertEquals(entry.name, "a=b=c");
  assertEquals(
    entry.xattrs,
    new Map([["security.capability", capability], ["user.equals", encodeName("x=y")]]),
  );
});

Deno.test("TarParser applies a global header to all entries, unless an entry overrides it", () => {
  const names = readArchive(archive(
    paxEntry({ uname: "all", mtime: "5.25" }, "g"),
    rawEntry({ name: "a", userName: "own" }),
    paxEntry({ uname: "mine" }),
    rawEntry({ name: "b", userName: "own" }),
    paxEntry({ uname: "" }),
    rawEntry({ name: "c", userName: "own" }),
    rawEntry({ name: "d", userName: "own" }),
  )).map(({ entry }) => `${entry.userName} ${entry.mtime.seconds}.${entry.mtime.nanoseconds}`);
  assertEquals(names, ["all 5.250000000", "mine 5.250000000", "own 5.250000000", "all 5.250000000"]);
});

Deno.test("TarParser reads GNU long names and link targets", () => {
  const long = `${"d/".repeat(120)}name`;
  const { entry } = only(
    rawEntry({ name: "././@LongLink", type: "L" }, `${long}\0`),
    rawEntry({ name: "././@LongLink", type: "K" }, `${long}.target\0`),
    rawEntry({ name: "cut", type: "2", linkName: "cut", magic: "ustar  \0" }),
  );
  assertEquals([entry.name, entry.kind === "symlink" && entry.target], [long, `${long}.target`]);
});

Deno.test("TarParser preserves the bytes of names that are not UTF-8", () => {
  const name = Uint8Array.of(0x63, 0x61, 0x66, 0xe9, 0x2f, 0xc3, 0xa9);
  const { entry } = only(rawEntry({ name }));
  assert(!entry.name.isWellFormed());
  assertEquals(encodeName(entry.name), name);
  assertEquals(only(paxEntry({ path: name }), rawEntry({ name: "x" })).entry.name, entry.name);
});

Deno.test("TarParser reads no data for links, directories and devices with a size", () => {
  const seen = readArchive(archive(
    rawEntry({ name: "a", type: "1", linkName: "b", size: 4000 }),
    rawEntry({ name: "d", type: "5", size: 512 }),
    rawEntry({ name: "b" }, "x"),
  ));
  assertEquals(seen.map((one) => one.entry.name), ["a", "d", "b"]);
});

Deno.test("TarParser verifies the checksum, including signed sums of old writers", () => {
  const bad = rawEntry({ name: "a" });
  bad[0] = 0x62;
  assert(refused("invalid_content", bad, END).includes("checksum"));
  const name = Uint8Array.of(0xff, 0xff);
  const block = rawEntry({ name });
  const sum = block.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0) - 2 * 256;
  assertEquals(
    only(rawEntry({ name, checksum: `${sum.toString(8).padStart(6, "0")}\0 ` })).entry.kind,
    "file",
  );
});

Deno.test("TarParser rejects a truncated archive, and tolerates padding after its end", () => {
  const whole = archive(paxEntry({ path: "n" }), rawEntry({ name: "a" }, "x".repeat(600)));
  for (let length = 0; length < whole.length - 512; length += 64) {
    assert(refused("invalid_content", whole.subarray(0, length)).includes("truncated"), String(length));
  }
  assertEquals(readArchive(whole.subarray(0, -512)).length, 1);
  assertEquals(readArchive(concatBytes([whole, new Uint8Array(10240)])).length, 1);
  assertEquals(readArchive(concatBytes([whole, encodeName("garbage behind the end")])).length, 1);
});

Deno.test("TarParser accepts a missing end marker only if it is optional, and never a truncated entry", () => {
  const sink = { begin() {}, data() {}, end() {} };
  const parser = new TarParser(sink, DEFAULT_TAR_LIMITS);
  parser.finish("optional");
  parser.push(rawEntry({ name: "a" }));
  parser.finish("optional");
  assert(isCode(assertThrows(() => parser.finish("required")), "invalid_content"));
  parser.push(paxEntry({ path: "b" }));
  assert(isCode(assertThrows(() => parser.finish("optional")), "invalid_content"));
});

Deno.test("TarParser reports the invalid part", async (t) => {
  const cases: readonly [string, Parameters<typeof isCode>[1], string, Uint8Array][] = [
    ["unknown type", "unsupported", 'type "V"', rawEntry({ name: "a", type: "V" })],
    ["octal", "invalid_content", '"mode"', rawEntry({ name: "a", mode: "12x45" })],
    ["negative size", "invalid_content", '"size"', rawEntry({ name: "a", size: -5 })],
    [
      "huge base 256",
      "invalid_content",
      "2^53",
      rawEntry({ name: "a", size: new Uint8Array(12).fill(0x8f) }),
    ],
    ["negative owner", "invalid_content", "owner", rawEntry({ name: "a", uid: -5 })],
    ["pax length", "invalid_content", "length", rawEntry({ type: "x" }, "99 path=a\n")],
    ["pax zero length", "invalid_content", "length", rawEntry({ type: "x" }, "0 path=a\n")],
    ["pax end", "invalid_content", "end", rawEntry({ type: "x" }, "9 path=abc\n")],
    ["pax key", "invalid_content", "key", rawEntry({ type: "x" }, "6 =aa\n")],
    ["pax NUL", "invalid_content", "NUL", concatBytes([paxEntry({ path: "a\0b" }), rawEntry({ name: "a" })])],
    [
      "pax size",
      "invalid_content",
      "size",
      concatBytes([paxEntry({ size: "1e3" }), rawEntry({ name: "a" })]),
    ],
    [
      "pax time",
      "invalid_content",
      "mtime",
      concatBytes([paxEntry({ mtime: "now" }), rawEntry({ name: "a" })]),
    ],
    [
      "lone zero block",
      "invalid_content",
      "zero block",
      concatBytes([new Uint8Array(512), rawEntry({ name: "a" })]),
    ],
    ["pax without entry", "invalid_content", "not followed by an entry", paxEntry({ path: "a" })],
  ];
  for (const [name, code, words, bytes] of cases) {
    await t.step(name, () => assert(refused(code, bytes, END).includes(words)));
  }
});

Deno.test("TarParser limits entries, names and PAX headers, and accepts the limit itself", async (t) => {
  const limits = { entries: 3, pathBytes: 10, paxBytes: 30 };
  const a = rawEntry({ name: "a" });
  const pax = (length: number, type: "x" | "g" = "x") =>
    rawEntry({ type }, `${length} c=${"x".repeat(length - 6)}\n`);
  const cases: readonly [string, Uint8Array[], Uint8Array[]][] = [
    ["entries", [a, a, a], [a, a, a, a]],
    ["pathBytes", [rawEntry({ name: "a".repeat(10) })], [rawEntry({ name: "a".repeat(11) })]],
    ["pathBytes", [rawEntry({ type: "2", linkName: "é".repeat(5) })], [
      rawEntry({ type: "2", linkName: "é".repeat(6) }),
    ]],
    ["paxBytes", [pax(30), a], [pax(31), a]],
    ["paxBytes", [pax(15, "g"), pax(15, "g"), a], [pax(15, "g"), pax(16, "g"), a]],
    ["paxBytes", [rawEntry({ type: "L" }, "a".repeat(10)), a], [rawEntry({ type: "L" }, "a".repeat(31)), a]],
  ];
  for (const [name, good, bad] of cases) {
    await t.step(name, () => {
      readArchive(archive(...good), 512, limits);
      const error = assertThrows(() => readArchive(archive(...bad), 512, limits));
      assert(isCode(error, "limit_exceeded"));
      assert((error as { details?: { limit?: string } }).details?.limit === name);
    });
  }
});
