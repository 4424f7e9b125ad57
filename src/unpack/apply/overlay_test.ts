import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { isCode } from "../../base/errors.ts";
import { createImplicitParents } from "./implicit_parents.ts";
import { encodeName } from "../../tar/name.ts";
import { Box, IS_ROOT, make } from "./layer_fake.ts";
import { openLibc } from "../fs/libc.ts";
import { LibcFs } from "../fs/libc_fs.ts";
import type { TestEntry } from "../../tar/archive_fake.ts";

const { file, directory, device, symlink } = make;

/** The directories of a tree that are marked as opaque; the root is ".". */
function opaqueOf(root: string): readonly string[] {
  using libc = openLibc();
  assert(libc);
  const fs = new LibcFs(libc);
  const found: string[] = [];
  const visit = (directory: number, path: string) => {
    const { xattrs } = fs.metadataOf(directory);
    if (xattrs?.has("trusted.overlay.opaque")) found.push(path || ".");
    for (const name of fs.listNames(directory).sort()) {
      const child = fs.openDirectory(directory, name);
      if (child !== undefined) visit(child, path === "" ? name : `${path}/${name}`);
    }
    fs.close(directory);
  };
  visit(fs.openRoot(root), "");
  return found;
}

const test = (name: string, run: () => Promise<void>) => Deno.test(name, { ignore: !IS_ROOT }, run);

test("unpackOverlayLayer() converts whiteouts for overlayfs, first or last in the layer", async () => {
  const created = [
    directory("d"),
    file("d/new", "x"),
    file("again", "x"),
    directory("fresh"),
    file("fresh/x", "x"),
  ];
  const whiteouts = [
    file("d/.wh.gone"),
    file(".wh.again"),
    file(".wh.fresh"),
    file("o/.wh..wh..opq"),
    file(".wh.top"),
  ];
  for (const entries of [[...created, ...whiteouts], [...whiteouts, ...created]]) {
    using box = new Box();
    const { implicitParents, skipped } = await box.unpackOverlay(entries);
    assertEquals(box.list(), {
      again: "f 644 x",
      d: "d 755",
      "d/gone": "c 600 0",
      "d/new": "f 644 x",
      fresh: "d 755",
      "fresh/x": "f 644 x",
      o: "d 755",
      top: "c 600 0",
    });
    assertEquals(opaqueOf(box.root), ["fresh", "o"]);
    assertEquals([implicitParents, skipped], [["", "o"], []]);
  }
});

test("unpackOverlayLayer() keeps an opaque whiteout that precedes the directory's entry", async () => {
  using box = new Box();
  await box.unpackOverlay([file("d/.wh..wh..opq"), directory("d", { mode: 0o711 })]);
  assertEquals([box.list(), opaqueOf(box.root)], [{ d: "d 711" }, ["d"]]);
});

test("unpackOverlayLayer() skips attributes and devices of a layer that control overlayfs", async () => {
  using box = new Box();
  const xattrs = new Map([["trusted.overlay.opaque", encodeName("y")], ["trusted.kept", encodeName("1")]]);
  const { skipped } = await box.unpackOverlay([
    directory("d", { xattrs }),
    device("hide", 0, 0),
    device("null", 1, 3),
  ]);
  assertEquals(skipped.map(({ kind, examples }) => [kind, ...examples]), [
    ["overlay-xattr", "d trusted.overlay.opaque"],
    ["device", "hide"],
  ]);
  assertEquals([box.list(), opaqueOf(box.root)], [{ d: "d 755", null: "c 644 259" }, []]);
});

test("unpackOverlayLayer() follows the given symlinks of lower layers", async () => {
  using box = new Box();
  const entries: readonly TestEntry[] = [file("lib/x", "x"), file("lib/.wh.y")];
  const { implicitParents } = await box.unpackOverlay(entries, {
    lowerSymlinks: new Map([["lib", "usr/lib"]]),
  });
  assertEquals(box.list(), {
    usr: "d 755",
    "usr/lib": "d 755",
    "usr/lib/x": "f 644 x",
    "usr/lib/y": "c 600 0",
  });
  assertEquals(implicitParents, ["", "usr", "usr/lib"]);
});

test("unpackOverlayLayer() doesn't write through a symlink to outside", async () => {
  using box = new Box();
  await box.unpackOverlay([symlink("esc", box.outside), file("esc/.wh.victim"), file("esc/evil", "x")]);
  assert(box.isOutsideUnchanged);
  assertEquals(box.list()[`${box.outside.slice(1)}/victim`], "c 600 0");
});

test("unpackOverlayLayer() clears the directory when it fails", async () => {
  using box = new Box();
  const error = await assertRejects(() => box.unpackOverlay([file(".wh.a"), file("b"), file("../c")]));
  assert(isCode(error, "invalid_content"));
  assertEquals(box.list(), {});
});

/** Unpacks layers, the lowest first, and completes the implicit parents of each. Returns their boxes. */
async function stack(layers: readonly (readonly TestEntry[])[]): Promise<readonly Box[]> {
  const boxes: Box[] = [];
  for (const entries of layers) {
    const box = new Box();
    const lowers = boxes.map((lower) => lower.root).reverse();
    const { implicitParents } = await box.unpackOverlay(entries);
    let lowerSymlinks = await createImplicitParents(box.root, implicitParents, lowers);
    if (lowerSymlinks.size > 0) {
      Deno.removeSync(box.root, { recursive: true });
      Deno.mkdirSync(box.root);
      const again = await box.unpackOverlay(entries, { lowerSymlinks });
      lowerSymlinks = await createImplicitParents(box.root, again.implicitParents, lowers);
      assertEquals(lowerSymlinks, new Map());
    }
    boxes.push(box);
  }
  return boxes;
}

test("createImplicitParents() copies attributes from the nearest lower layer that has the directory", async () => {
  const at = (seconds: number) => ({ mtime: { seconds, nanoseconds: 5 } });
  const boxes = await stack([
    [
      directory("./", { mode: 0o700 }),
      directory("a", { mode: 0o711, uid: 5, ...at(100) }),
      directory("a/b", { mode: 0o701 }),
    ],
    [directory("a", { mode: 0o750, uid: 6, ...at(200) })],
    [file("a/b/x", "x"), file("c/x", "x")],
  ]);
  const [, , top] = boxes;
  assert(top);
  assertEquals(top.list(), { a: "d 750", "a/b": "d 701", "a/b/x": "f 644 x", c: "d 755", "c/x": "f 644 x" });
  const { uid, mtime } = Deno.statSync(`${top.root}/a`);
  assertEquals([uid, mtime?.getTime(), (Deno.statSync(top.root).mode ?? 0) % 0o10000], [6, 200_000, 0o700]);
  for (const box of boxes) box[Symbol.dispose]();
});

test("createImplicitParents() ignores directories that a layer in between hides", async () => {
  const secret = directory("a", { mode: 0o701 });
  const hiders: readonly (readonly TestEntry[])[] = [[file(".wh.a")], [file("a", "now a file")], [
    file(".wh..wh..opq"),
  ]];
  for (const hider of hiders) {
    const boxes = await stack([[secret], hider, [file("a/x", "x")]]);
    assertEquals(boxes[2]?.list(), { a: "d 755", "a/x": "f 644 x" });
    for (const box of boxes) box[Symbol.dispose]();
  }
});

test("createImplicitParents() finds symlinks of lower layers, which the layer then follows", async () => {
  const boxes = await stack([
    [directory("usr"), directory("usr/lib", { mode: 0o711 }), symlink("lib", "usr/lib")],
    [file("lib/x", "x"), file("lib/.wh.y")],
  ]);
  assertEquals(boxes[1]?.list(), {
    usr: "d 755",
    "usr/lib": "d 711",
    "usr/lib/x": "f 644 x",
    "usr/lib/y": "c 600 0",
  });
  for (const box of boxes) box[Symbol.dispose]();
});
