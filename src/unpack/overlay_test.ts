import { assert, assertEquals, assertRejects } from "../../tests/assert.ts";
import { isCode } from "../base/errors.ts";
import { encodeName } from "../tar/name.ts";
import { Box, IS_ROOT, make } from "./layer_fake.ts";
import { openLibc } from "./libc.ts";
import { LibcFs } from "./libc_fs.ts";
import type { Seen } from "../tar/archive_fake.ts";

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
    assertEquals([implied, leftOut], [["o"], []]);
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
  assertEquals(implied, ["usr", "usr/lib"]);
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
