import { assert, assertEquals, assertRejects } from "../../tests/assert.ts";
import { neverAborted } from "../base/concurrency/abort.ts";
import { concatBytes } from "../base/bytes.ts";
import { isCode } from "../base/errors.ts";
import { digestOf } from "../oci/digest.ts";
import { END, paxEntry, rawEntry, readArchive, type TestEntry } from "../tar/archive_fake.ts";
import { decodeName, encodeName } from "../tar/name.ts";
import { flattenLayers } from "./flatten.ts";
import { layerOf, make, sourceOf } from "./apply/layer_fake.ts";
import { DEFAULT_LAYER_LIMITS } from "./apply/layer.ts";
import type { OpenLayer } from "./unpack.ts";

const { file, directory, symlink, hardlink, device, fifo } = make;

async function flatten(open: readonly OpenLayer[]): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  const write = (bytes: Uint8Array) => Promise.resolve(void chunks.push(bytes.slice()));
  await flattenLayers(open, { write }, DEFAULT_LAYER_LIMITS, neverAborted());
  return concatBytes(chunks);
}

const layers = (...all: readonly (readonly TestEntry[])[]) => all.map((entries) => () => layerOf(entries));

/** The archive's entries in order: `f name content`, `h name target`. */
function lines(bytes: Uint8Array): readonly string[] {
  return readArchive(bytes).map(({ entry, content }) => {
    const rest = "target" in entry ? entry.target : new TextDecoder().decode(content);
    return `${entry.kind} ${entry.name} ${rest}`.trimEnd();
  });
}

Deno.test("flattenLayers() writes the tree of all layers: directories, then symlinks and nodes, then files", async () => {
  const archive = await flatten(layers(
    [directory("./"), file("b/x", "1"), file("b/y", "1"), symlink("l", "b"), device("null", 1, 3), fifo("p")],
    [file("b/.wh.y"), file("a/z", "2"), file("b/x", "2"), file("l/through", "2")],
  ));
  assertEquals(lines(archive), [
    "directory ./",
    "directory a/",
    "directory b/",
    "symlink l b",
    "device null",
    "fifo p",
    "file a/z 2",
    "file b/x 2",
    "file b/through 2",
  ]);
});

Deno.test("flattenLayers() resolves an absolute symlink in a subdirectory from the root", async () => {
  const archive = await flatten(layers([symlink("a/link", "/etc"), file("a/link/x", "1")]));
  assertEquals(lines(archive), ["directory a/", "directory etc/", "symlink a/link /etc", "file etc/x 1"]);
});

Deno.test("flattenLayers() keeps hard links together when the first name is removed or replaced", async () => {
  const below = [file("a", "old"), hardlink("b", "a"), hardlink("c", "a")];
  assertEquals(lines(await flatten(layers(below, [file(".wh.a")]))), ["file b old", "hardlink c b"]);
  assertEquals(lines(await flatten(layers(below, [file("a", "new")]))), [
    "file b old",
    "hardlink c b",
    "file a new",
  ]);
});

Deno.test("flattenLayers() keeps attributes and non-UTF-8 names, and is reproducible", async () => {
  const strange = decodeName(Uint8Array.of(0x61, 0xff));
  const xattrs = new Map([["security.capability", Uint8Array.of(1, 0xff)], ["user.a", encodeName("=")]]);
  const open = layers([
    file(strange, "x", {
      mode: 0o4755,
      uid: 4294967294,
      gid: 9,
      mtime: { seconds: -5, nanoseconds: 7 },
      xattrs,
    }),
    directory("d", { xattrs, mode: 0o1777 }),
  ]);
  const archive = await flatten(open);
  assertEquals(await flatten(open), archive);
  const [first, second] = readArchive(archive);
  assert(first && second);
  assertEquals([first.entry.name, first.entry.mode, first.entry.xattrs], ["d/", 0o1777, xattrs]);
  const { name, mode, uid, gid, mtime, xattrs: found } = second.entry;
  assertEquals({ name, mode, uid, gid, mtime, xattrs: found }, {
    name: strange,
    mode: 0o4755,
    uid: 4294967294,
    gid: 9,
    mtime: { seconds: -5, nanoseconds: 7 },
    xattrs,
  });
});

Deno.test("flattenLayers() expands sparse files up to the limit", async () => {
  const sparse = (size: number) =>
    concatBytes([
      paxEntry({ "GNU.sparse.size": String(size), "GNU.sparse.map": "1000,2" }),
      rawEntry({ name: "s" }, "ab"),
      END,
    ]);
  const open = async (bytes: Uint8Array<ArrayBuffer>) => sourceOf(bytes, await digestOf(bytes));
  const [found] = readArchive(await flatten([() => open(concatBytes([sparse(3000)]))]));
  assertEquals(found?.content.length, 3000);
  assertEquals(found?.content[1001], 0x62);
  const error = await assertRejects(() => flatten([() => open(concatBytes([sparse(1e14)]))]));
  assert(isCode(error, "limit_exceeded"));
});
