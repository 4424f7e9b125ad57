import { assert, assertEquals, assertRejects, assertStrictEquals } from "../../tests/assert.ts";
import { withoutChown } from "../../tests/unpack/without_chown.ts";
import { neverAborted } from "../base/concurrency/abort.ts";
import { concatBytes, MIB } from "../base/bytes.ts";
import { isCode } from "../base/errors.ts";
import { encode } from "../compress/test_encoder.ts";
import { type Digest, digestOf } from "../oci/digest.ts";
import { OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from "../oci/media_type.ts";
import { END, paxEntry, rawEntry, type TestEntry, writeArchive } from "../tar/archive_fake.ts";
import { decodeName, encodeName } from "../tar/name.ts";
import { openLibc } from "./fs/libc.ts";
import { LibcFs } from "./fs/libc_fs.ts";
import { Box, IS_ROOT, make, sourceOf, testBoth } from "./apply/layer_fake.ts";
import { DEFAULT_LAYER_LIMITS, type LayerSource } from "./apply/layer.ts";
import type { TreeCalls } from "./apply/tree.ts";
import { unpackRootfs } from "./unpack.ts";

const { file, directory, symlink, hardlink, device, fifo } = make;
const WRONG = `sha256:${"0".repeat(64)}` as Digest;

function unpackSource(box: Box, source: LayerSource, calls: TreeCalls = "best", signal = neverAborted()) {
  const open = () => Promise.resolve({ ...source, [Symbol.dispose]() {} });
  return unpackRootfs(box.root, [open], { calls }, signal);
}

testBoth("unpackRootfs() creates files, directories and links with their modes", async (calls) => {
  using box = new Box();
  await box.unpack([[
    directory("./", { mode: 0o755 }),
    directory("tmp", { mode: 0o1777 }),
    file("tmp/su", "run", { mode: 0o4755 }),
    file("read-only", "x", { mode: 0o400 }),
    file("all", "x", { mode: 0o777 }),
    directory("closed", { mode: 0o500 }),
    file("closed/in", "x"),
    symlink("link", "tmp/su"),
    hardlink("hard", "tmp/su"),
    file("naïve Főtanúsítvány", "x"),
  ]], { calls });
  assertEquals(box.list(), {
    all: "f 777 x",
    closed: "d 500",
    "closed/in": "f 644 x",
    hard: "f 4755 run",
    link: "-> tmp/su",
    "naïve Főtanúsítvány": "f 644 x",
    "read-only": "f 400 x",
    tmp: "d 1777",
    "tmp/su": "f 4755 run",
  });
  assertStrictEquals(Deno.statSync(`${box.root}/hard`).ino, Deno.statSync(`${box.root}/tmp/su`).ino);
  Deno.chmodSync(`${box.root}/closed`, 0o700);
});

Deno.test({
  name: "unpackRootfs() as root sets owners and modes even in a set-gid directory",
  ignore: !IS_ROOT,
  async fn() {
    using box = new Box();
    // New files in a set-gid directory get its group.
    Deno.chownSync(box.root, 1, 1);
    Deno.chmodSync(box.root, 0o2775);
    await box.unpack([[
      file("ours", "x", { mode: 0o666, uid: 0, gid: 0 }),
      file("theirs", "x", { mode: 0o6711, uid: 5, gid: 7 }),
      file("group", "x", { mode: 0o640, uid: 0, gid: 1 }),
      directory("d", { mode: 0o755, uid: 0, gid: 0 }),
      file("d/in", "x", { mode: 0o2600, uid: 3, gid: 0 }),
    ]]);
    const seen = ["ours", "theirs", "group", "d", "d/in"].map((name) => {
      const { mode, uid, gid } = Deno.lstatSync(`${box.root}/${name}`);
      return [name, ((mode ?? 0) % 0o10000).toString(8), uid, gid];
    });
    assertEquals(seen, [
      ["ours", "666", 0, 0],
      ["theirs", "6711", 5, 7],
      ["group", "640", 0, 1],
      ["d", "755", 0, 0],
      ["d/in", "2600", 3, 0],
    ]);
  },
});

testBoth("unpackRootfs() sets times, also of directories and before 1970", async (calls) => {
  using box = new Box();
  const at = (seconds: number, nanoseconds = 0) => ({ mtime: { seconds, nanoseconds } });
  await box.unpack([
    [directory("d", at(1000)), file("d/old", "x", at(-86400)), symlink("s", "x", at(2000))],
    [file("d/new", "x", at(3000, 500_000_000)), file("d/.wh.old"), file("implicit/x", "x", at(4000))],
  ], { calls });
  const time = (path: string) => Deno.lstatSync(`${box.root}/${path}`).mtime?.getTime();
  assertEquals([time("d"), time("d/new"), time("s"), time("implicit")], [
    1_000_000,
    3_000_500,
    2_000_000,
    4_000_000,
  ]);
  using old = new Box();
  await old.unpack([[directory("old", at(-86400, 0))]], { calls });
  // Deno 2.6 loses the sign of times before 1970, so read them with libc.
  using libc = openLibc();
  assert(libc);
  const fs = new LibcFs(libc);
  const root = fs.openRoot(`${old.root}/old`);
  assertEquals(fs.metadataOf(root).mtime, { seconds: -86400, nanoseconds: 0 });
  fs.close(root);
});

testBoth("unpackRootfs() replaces an earlier entry of any kind by a later one", async (calls) => {
  using box = new Box();
  await box.unpack([
    [file("a/x", "1"), file("b", "1"), symlink("c", "b"), file("d/e/f", "1"), file("g", "1")],
    [file("a", "2"), directory("b"), file("c", "2"), symlink("d", "b"), hardlink("g", "a")],
  ], { calls });
  assertEquals(box.list(), { a: "f 644 2", b: "d 755", c: "f 644 2", d: "-> b", g: "f 644 2" });
});

/** For whiteouts before and after the entries of the same layer, which they must not hide. */
const LOWER = [file("d/gone", "1"), file("d/kept/deep", "1"), file("d/sub/old", "1"), file("top", "1")];
const UPPER = [file("d/new", "2"), file("d/sub/new", "2"), file("top", "2")];

testBoth("unpackRootfs() hides paths of lower layers, with whiteouts first or last", async (calls) => {
  const cases: readonly [whiteouts: readonly string[], want: Readonly<Record<string, string>>][] = [
    [["d/.wh.gone", ".wh.top"], {
      d: "d 755",
      "d/kept": "d 755",
      "d/kept/deep": "f 644 1",
      "d/new": "f 644 2",
      "d/sub": "d 755",
      "d/sub/new": "f 644 2",
      "d/sub/old": "f 644 1",
      top: "f 644 2",
    }],
    [["d/.wh..wh..opq"], {
      d: "d 755",
      "d/new": "f 644 2",
      "d/sub": "d 755",
      "d/sub/new": "f 644 2",
      top: "f 644 2",
    }],
    [[".wh.d"], { d: "d 755", "d/new": "f 644 2", "d/sub": "d 755", "d/sub/new": "f 644 2", top: "f 644 2" }],
    [[".wh..wh..opq"], {
      d: "d 755",
      "d/new": "f 644 2",
      "d/sub": "d 755",
      "d/sub/new": "f 644 2",
      top: "f 644 2",
    }],
    [[".wh..wh.plnk", ".wh.not there"], {
      d: "d 755",
      "d/gone": "f 644 1",
      "d/kept": "d 755",
      "d/kept/deep": "f 644 1",
      "d/new": "f 644 2",
      "d/sub": "d 755",
      "d/sub/new": "f 644 2",
      "d/sub/old": "f 644 1",
      top: "f 644 2",
    }],
  ];
  for (const [names, want] of cases) {
    const whiteouts = names.map((name) => file(name));
    for (const upper of [[...whiteouts, ...UPPER], [...UPPER, ...whiteouts]]) {
      using box = new Box();
      await box.unpack([LOWER, upper], { calls });
      assertEquals(box.list(), want);
    }
  }
});

testBoth(
  "unpackRootfs() keeps the other hard links of a file when a whiteout hides the first",
  async (calls) => {
    using box = new Box();
    await box.unpack([[file("a", "x"), hardlink("b", "a"), hardlink("c", "b")], [file(".wh.a")]], { calls });
    assertEquals(box.list(), { b: "f 644 x", c: "f 644 x" });
  },
);

testBoth(
  "unpackRootfs() creates implicit parents, and applies a later entry to them",
  async (calls) => {
    using box = new Box();
    await box.unpack([[file("a/b/c", "x"), directory("a", { mode: 0o711 })]], { calls });
    assertEquals(box.list(), { a: "d 711", "a/b": "d 755", "a/b/c": "f 644 x" });
  },
);

testBoth("unpackRootfs() expands sparse files to their full size", async (calls) => {
  using box = new Box();
  const bytes = concatBytes([
    paxEntry({ "GNU.sparse.size": "3000000", "GNU.sparse.map": "1000000,3,2000000,2" }),
    rawEntry({ name: "s", uid: Deno.uid() ?? 0, gid: Deno.gid() ?? 0 }, "abcde"),
    END,
  ]);
  await unpackSource(box, sourceOf(bytes, await digestOf(bytes)), calls);
  const found = Deno.readFileSync(`${box.root}/s`);
  const want = new Uint8Array(3_000_000);
  want.set(encodeName("abc"), 1_000_000);
  want.set(encodeName("de"), 2_000_000);
  assert(found.length === want.length && found.every((byte, i) => byte === want[i]));
});

Deno.test("unpackRootfs() reads gzip, zstd and uncompressed layers, detected by their magic", async () => {
  const plain = Uint8Array.from(writeArchive([file("a", "x".repeat(1000))]));
  const diffId = await digestOf(plain);
  for (const compression of ["gzip", "zstd", "none"] as const) {
    const packed = encode(compression, plain);
    for (const mediaType of [OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, "application/octet-stream"]) {
      using box = new Box();
      const report = await unpackSource(box, sourceOf(packed, diffId, mediaType));
      assertEquals(report.layers, [{ entries: 1, packedBytes: packed.length, unpackedBytes: plain.length }]);
      assertEquals(box.list(), { a: `f 644 ${"x".repeat(1000)}` });
    }
  }
});

testBoth("unpackRootfs() clears the directory when it fails", async (calls) => {
  const good = writeArchive([file("a", "x"), directory("d"), symlink("s", "/")]);
  const cases: readonly [string, Uint8Array, Parameters<typeof isCode>[1]][] = [
    ["digest_mismatch", good, "digest_mismatch"],
    ["a truncated archive", good.subarray(0, 900), "invalid_content"],
    [
      "an unknown type",
      concatBytes([good.subarray(0, -1024), rawEntry({ name: "v", type: "V" })]),
      "unsupported",
    ],
    [
      "an owner beyond the largest id",
      writeArchive([file("a", "x", { uid: 0xffffffff })]),
      "invalid_content",
    ],
    ["a name that is too long", writeArchive([file("n".repeat(300), "x")]), "invalid_content"],
  ];
  for (const [name, bytes, code] of cases) {
    using box = new Box();
    const diffId = name === "digest_mismatch" ? WRONG : await digestOf(Uint8Array.from(bytes));
    const error = await assertRejects(() => unpackSource(box, sourceOf(bytes, diffId), calls));
    assert(isCode(error, code), `${name}: ${error}`);
    assertEquals(box.list(), {});
  }
});

Deno.test("unpackRootfs() rejects layers of unknown types and directories that are not empty", async () => {
  using box = new Box();
  const source = sourceOf(END, await digestOf(END), "application/vnd.oci.image.layer.v1.tar+gzip+encrypted");
  assert(isCode(await assertRejects(() => unpackSource(box, source)), "unsupported"));
  Deno.writeTextFileSync(`${box.root}/mine`, "existing");
  assert(isCode(await assertRejects(() => box.unpack([[file("a")]])), "already_exists"));
  assertEquals(box.list(), { mine: "f 644 existing" });
});

testBoth("unpackRootfs() stops at a decompression bomb and clears the directory", async (calls) => {
  const limits = { ...DEFAULT_LAYER_LIMITS, unpackedBytes: MIB, entries: 50 };
  const bombs: readonly (readonly TestEntry[])[] = [
    [file("a", "x"), file("big", "\0".repeat(MIB))],
    Array.from({ length: 51 }, (_, i) => file(`f${i}`)),
  ];
  for (const bomb of bombs) {
    using box = new Box();
    const error = await assertRejects(() => box.unpack([[file("below", "x")], bomb], { calls, limits }));
    assert(isCode(error, "limit_exceeded"));
    assertEquals(box.list(), {});
  }
  using box = new Box();
  await box.unpack([Array.from({ length: 50 }, (_, i) => file(`f${i}`))], { calls, limits });
  assertEquals(Object.keys(box.list()).length, 50);
});

testBoth("unpackRootfs() stops at the signal with its reason, and clears the directory", async (calls) => {
  using box = new Box();
  const stop = new AbortController();
  const reason = new RangeError("enough");
  const bytes = Uint8Array.from(writeArchive([file("a", "x".repeat(600_000)), file("b", "y")]));
  const source = sourceOf(bytes, await digestOf(bytes));
  const reader = {
    read: (buffer: Uint8Array) => {
      if (Object.keys(box.list()).length > 0) stop.abort(reason);
      return source.reader.read(buffer);
    },
  };
  const run = () => unpackSource(box, { ...source, reader }, calls, stop.signal);
  assertStrictEquals(await run().catch((error) => error), reason);
  assertEquals(box.list(), {});
});

Deno.test("unpackRootfs() without libc reports skipped entries, including hard links to them", async () => {
  using box = new Box();
  const strange = decodeName(Uint8Array.of(0x61, 0xff));
  const { skipped } = await box.unpack([[
    file("capable", "x", {
      xattrs: new Map([["security.capability", Uint8Array.of(1)], ["user.a", Uint8Array.of(2)]]),
    }),
    device("dev/null", 1, 3),
    fifo("pipe"),
    hardlink("pipe too", "pipe"),
    file(`d/${strange}`, "x"),
    symlink("s", strange),
    directory(`${strange}/`),
    file(`${strange}/x`),
    file("fine", "x"),
  ], [hardlink("null", "dev/null"), file("pipe", "a file now"), hardlink("again", "pipe")]], {
    calls: "deno",
  });
  assertEquals(box.list(), {
    again: "f 644 a file now",
    capable: "f 644 x",
    dev: "d 755",
    fine: "f 644 x",
    pipe: "f 644 a file now",
  });
  assertEquals(skipped.map(({ kind, count }) => `${count} ${kind}`), [
    "2 xattr",
    "2 device",
    "2 fifo",
    "4 name",
  ]);
  assertEquals(skipped[0]?.examples, ["capable security.capability", "capable user.a"]);
});

testBoth("unpackRootfs() counts owners that it can't set", async (calls) => {
  using box = new Box();
  const layer = [file("a", "x", { uid: 12345 }), directory("d", { gid: 54321 })];
  const { skipped } = await withoutChown(() => box.unpack([layer], { calls }));
  assertEquals(skipped, [{ kind: "owner", count: 2, examples: ["a", "d"] }]);
});

Deno.test("unpackRootfs() with libc creates and removes names that are not UTF-8", async () => {
  const strange = decodeName(Uint8Array.of(0x61, 0xff));
  const below = [file(`${strange}/${strange}`, "x"), symlink("s", strange), file("t", "x")];
  using libc = openLibc();
  assert(libc);
  const fs = new LibcFs(libc);
  const cases: readonly [readonly TestEntry[], readonly string[]][] = [
    [[], ["s", "t", strange]],
    [[file(`.wh.${strange}`)], ["s", "t"]],
    [[file(".wh..wh..opq"), file("new")], ["new"]],
  ];
  for (const [above, want] of cases) {
    using box = new Box();
    assertEquals((await box.unpack([below, above], { calls: "libc" })).skipped, []);
    const root = fs.openRoot(box.root);
    assertEquals(fs.listNames(root).sort(), [...want].sort());
    if (want.includes("s")) assertEquals(fs.readLink(root, "s"), strange);
    fs.removeTree(root, strange);
    fs.close(root);
  }
});

Deno.test(
  "unpackRootfs() as root creates devices and FIFOs, and sets owners and xattrs",
  { ignore: !IS_ROOT },
  async () => {
    using box = new Box();
    const xattrs = new Map([
      ["trusted.name", encodeName("value")],
      ["security.selinux", encodeName("of the build machine")],
      ["trusted.overlay.redirect", encodeName("/etc")],
      ["user.overlay.opaque", encodeName("y")],
    ]);
    const { skipped } = await box.unpack([[
      device("dev/null", 1, 3),
      device("dev/zero", 0, 0),
      device("dev/large", 4000, 300_000),
      fifo("pipe"),
      directory("d", { xattrs, uid: 4294967294, gid: 3_000_000_000 }),
      symlink("s", "x", { uid: 7, gid: 8 }),
      file("f", "x", { mode: 0o6755, uid: 9 }),
    ]]);
    const tree = box.list();
    assertEquals([tree["dev/null"], tree["dev/zero"], tree.pipe], ["c 644 259", "c 644 0", "p 644"]);
    assertEquals(tree.f, "f 6755 x");
    const owner = (name: string) => {
      const { uid, gid } = Deno.lstatSync(`${box.root}/${name}`);
      return [uid, gid];
    };
    assertEquals([owner("d"), owner("s"), owner("f")], [[4294967294, 3_000_000_000], [7, 8], [9, 0]]);
    assertEquals(skipped.map(({ kind, count }) => `${count} ${kind}`), ["2 overlay-xattr"]);
  },
);

testBoth("unpackRootfs() limits how deep directories are nested, also through symlinks", async (calls) => {
  using box = new Box();
  const deep = (depth: number) => `${"d/".repeat(depth)}f`;
  await box.unpack([[file(deep(256), "x")]], { calls });
  for (
    const layer of [[file(deep(257), "x")], [symlink("s", "d/".repeat(200)), file(`s/${deep(100)}`, "x")]]
  ) {
    using other = new Box();
    assert(isCode(await assertRejects(() => other.unpack([layer], { calls })), "limit_exceeded"));
    assertEquals(other.list(), {});
  }
});
