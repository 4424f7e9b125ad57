import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { isCode } from "../../base/errors.ts";
import { createImplicitParents } from "./implicit_parents.ts";
import { encodeName } from "../../tar/name.ts";
import { Box, IS_ROOT, make } from "./layer_fake.ts";
import { openLibc } from "../fs/libc.ts";
import { LibcFs } from "../fs/libc_fs.ts";
import type { Seen } from "../../tar/archive_fake.ts";

const { file, directory, device, symlink } = make;

/** The directories of a tree that are marked as opaque; the root is ".". */
function opaqueOf(root: string): readonly string[] {
  using libc = openLibc();
  assert(libc);
  const fs = new LibcFs(libc);
  const found: string[] = [];
  const visit = (directory: number, path: string) => {
    const { xattrs } = fs.factsOf(directory);
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

test("unpackOverlayLayer() keeps whiteouts as overlayfs wants them, first or last in the layer", async () => {
  const made = [
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
  for (const entries of [[...made, ...whiteouts], [...whiteouts, ...made]]) {
    using box = new Box();
    const { implied, leftOut } = await box.unpackOverlay(entries);
    assertEquals(box.look(), {
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
    assertEquals([implied, leftOut], [["", "o"], []]);
  }
});

test("unpackOverlayLayer() keeps an opaque mark that comes before the directory's own entry", async () => {
  using box = new Box();
  await box.unpackOverlay([file("d/.wh..wh..opq"), directory("d", { mode: 0o711 })]);
  assertEquals([box.look(), opaqueOf(box.root)], [{ d: "d 711" }, ["d"]]);
});

test("unpackOverlayLayer() lets no layer give orders to overlayfs itself", async () => {
  using box = new Box();
  const xattrs = new Map([["trusted.overlay.opaque", encodeName("y")], ["trusted.kept", encodeName("1")]]);
  const { leftOut } = await box.unpackOverlay([
    directory("d", { xattrs }),
    device("hide", 0, 0),
    device("null", 1, 3),
  ]);
  assertEquals(leftOut.map(({ kind, examples }) => [kind, ...examples]), [
    ["overlay-xattr", "d trusted.overlay.opaque"],
    ["device", "hide"],
  ]);
  assertEquals([box.look(), opaqueOf(box.root)], [{ d: "d 755", null: "c 644 259" }, []]);
});

test("unpackOverlayLayer() goes through links of layers below where it is told of them", async () => {
  using box = new Box();
  const entries: readonly Seen[] = [file("lib/x", "x"), file("lib/.wh.y")];
  const { implied } = await box.unpackOverlay(entries, { aliases: new Map([["lib", "usr/lib"]]) });
  assertEquals(box.look(), {
    usr: "d 755",
    "usr/lib": "d 755",
    "usr/lib/x": "f 644 x",
    "usr/lib/y": "c 600 0",
  });
  assertEquals(implied, ["", "usr", "usr/lib"]);
});

test("unpackOverlayLayer() writes through no symlink to outside", async () => {
  using box = new Box();
  await box.unpackOverlay([symlink("esc", box.outside), file("esc/.wh.victim"), file("esc/evil", "x")]);
  assert(box.isOutsideUntouched);
  assertEquals(box.look()[`${box.outside.slice(1)}/victim`], "c 600 0");
});

test("unpackOverlayLayer() leaves nothing behind when it fails", async () => {
  using box = new Box();
  const error = await assertRejects(() => box.unpackOverlay([file(".wh.a"), file("b"), file("../c")]));
  assert(isCode(error, "invalid_content"));
  assertEquals(box.look(), {});
});

/** Unpacks layers, the lowest first, each settled over those below; gives the boxes. */
async function stack(layers: readonly (readonly Seen[])[]): Promise<readonly Box[]> {
  const boxes: Box[] = [];
  for (const entries of layers) {
    const box = new Box();
    const lowers = boxes.map((lower) => lower.root).reverse();
    const { implied } = await box.unpackOverlay(entries);
    let aliases = await createImplicitParents(box.root, implied, lowers);
    if (aliases.size > 0) {
      Deno.removeSync(box.root, { recursive: true });
      Deno.mkdirSync(box.root);
      const again = await box.unpackOverlay(entries, { aliases });
      aliases = await createImplicitParents(box.root, again.implied, lowers);
      assertEquals(aliases, new Map());
    }
    boxes.push(box);
  }
  return boxes;
}

test("createImplicitParents() takes attributes from the nearest layer below that has the directory", async () => {
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
  assertEquals(top.look(), { a: "d 750", "a/b": "d 701", "a/b/x": "f 644 x", c: "d 755", "c/x": "f 644 x" });
  const { uid, mtime } = Deno.statSync(`${top.root}/a`);
  assertEquals([uid, mtime?.getTime(), (Deno.statSync(top.root).mode ?? 0) % 0o10000], [6, 200_000, 0o700]);
  for (const box of boxes) box[Symbol.dispose]();
});

test("createImplicitParents() does not look below what hides a directory", async () => {
  const secret = directory("a", { mode: 0o701 });
  const hiders: readonly (readonly Seen[])[] = [[file(".wh.a")], [file("a", "now a file")], [
    file(".wh..wh..opq"),
  ]];
  for (const hider of hiders) {
    const boxes = await stack([[secret], hider, [file("a/x", "x")]]);
    assertEquals(boxes[2]?.look(), { a: "d 755", "a/x": "f 644 x" });
    for (const box of boxes) box[Symbol.dispose]();
  }
});

test("createImplicitParents() finds links of layers below, and the layer goes through them", async () => {
  const boxes = await stack([
    [directory("usr"), directory("usr/lib", { mode: 0o711 }), symlink("lib", "usr/lib")],
    [file("lib/x", "x"), file("lib/.wh.y")],
  ]);
  assertEquals(boxes[1]?.look(), {
    usr: "d 755",
    "usr/lib": "d 711",
    "usr/lib/x": "f 644 x",
    "usr/lib/y": "c 600 0",
  });
  for (const box of boxes) box[Symbol.dispose]();
});
