import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { seededRandom } from "../../../tests/random.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { isCode } from "../../base/errors.ts";
import { digestOf } from "../../oci/digest.ts";
import { type TestEntry, writeArchive } from "../../tar/archive_fake.ts";
import { writeChecksum } from "../../tar/header.ts";
import { Box, make, sourceOf, testBoth } from "./layer_fake.ts";
import { unpackRootfs } from "../unpack.ts";

const { file, directory, symlink, hardlink } = make;

type Layers = readonly (readonly TestEntry[])[];

/** The expected result of an attack: an error and an empty tree, or these paths in the tree. */
type Outcome = "refused" | Readonly<Record<string, string>>;

interface Case {
  readonly attack: (outside: string) => Layers;
  readonly outcome: (outside: string) => Outcome;
  /** A harmless layer of the same form, and its expected tree. */
  readonly twin: Layers;
  readonly want: Readonly<Record<string, string>>;
}

const refused = () => "refused" as const;

/** The tree in which the absolute path was created below the root, with a file in it. */
function inside(path: string, leaf: string): Readonly<Record<string, string>> {
  const tree: Record<string, string> = {};
  const segments = path.split("/").slice(1);
  segments.forEach((_, i) => tree[segments.slice(0, i + 1).join("/")] = "d 755");
  tree[`${segments.join("/")}/${leaf}`] = "f 644 evil";
  return tree;
}

const CASES: Readonly<Record<string, Case>> = {
  "an absolute name": {
    attack: (outside) => [[file(`${outside}/victim`, "evil")]],
    outcome: (outside) => inside(outside, "victim"),
    twin: [[file("/etc/name", "fine")]],
    want: { etc: "d 755", "etc/name": "f 644 fine" },
  },
  "a name that climbs": {
    attack: () => [[file("../outside/victim", "evil")]],
    outcome: refused,
    twin: [[file("..a/b..", "fine")]],
    want: { "..a": "d 755", "..a/b..": "f 644 fine" },
  },
  "a name that climbs from within": {
    attack: () => [[directory("a"), file("a/../../outside/victim", "evil")]],
    outcome: refused,
    twin: [[directory("a"), file("a/./b//c", "fine")]],
    want: { a: "d 755", "a/b": "d 755", "a/b/c": "f 644 fine" },
  },
  "a hard link whose target climbs": {
    attack: () => [[hardlink("h", "a/../../outside/victim")]],
    outcome: refused,
    twin: [[file("f", "fine"), hardlink("h", "a/../f")]],
    want: { f: "f 644 fine", h: "f 644 fine" },
  },
  "a name that climbs through a symlink": {
    attack: () => [[symlink("s", "../outside"), file("s/../../victim", "evil")]],
    outcome: refused,
    // Cleaned as text: the symlink isn't followed.
    twin: [[directory("d"), symlink("s", "d"), file("s/../b", "fine"), file("d/x/../y", "fine")]],
    want: { b: "f 644 fine", d: "d 755", "d/y": "f 644 fine", s: "-> d" },
  },
  "a whiteout that climbs": {
    attack: () => [[file("a/../../outside/.wh.victim", "")]],
    outcome: refused,
    twin: [[file("gone", "x"), file("kept", "fine")], [file("a/../.wh.gone", "")]],
    want: { kept: "f 644 fine" },
  },
  "writing through an absolute symlink": {
    attack: (outside) => [[symlink("esc", outside), file("esc/victim", "evil")]],
    outcome: (outside) => ({ esc: `-> ${outside}`, ...inside(outside, "victim") }),
    twin: [[symlink("sh", "/bin/dash")]],
    want: { sh: "-> /bin/dash" },
  },
  "writing through a symlink that climbs": {
    attack: () => [[symlink("esc", "../outside"), file("esc/victim", "evil")]],
    outcome: () => ({ esc: "-> ../outside", outside: "d 755", "outside/victim": "f 644 evil" }),
    twin: [[directory("usr/lib"), symlink("lib", "usr/lib"), file("lib/so", "fine")]],
    want: { lib: "-> usr/lib", usr: "d 755", "usr/lib": "d 755", "usr/lib/so": "f 644 fine" },
  },
  "writing through a chain of symlinks": {
    attack: () => [[symlink("a", "b/../.."), symlink("b", ".."), file("a/outside/victim", "evil")]],
    outcome: () => ({ a: "-> b/../..", b: "-> ..", outside: "d 755", "outside/victim": "f 644 evil" }),
    twin: [[symlink("a", "b"), symlink("b", "c"), directory("c"), file("a/x", "fine")]],
    want: { a: "-> b", b: "-> c", c: "d 755", "c/x": "f 644 fine" },
  },
  "writing through a symlink of a layer below": {
    attack: () => [[symlink("esc", "../outside")], [file("esc/victim", "evil")]],
    outcome: () => ({ esc: "-> ../outside", outside: "d 755", "outside/victim": "f 644 evil" }),
    twin: [[directory("d")], [file("d/x", "fine")]],
    want: { d: "d 755", "d/x": "f 644 fine" },
  },
  "writing through an absolute symlink in a subdirectory": {
    attack: (outside) => [[symlink("a/link", outside), file("a/link/victim", "evil")]],
    outcome: (outside) => ({ "a/link": `-> ${outside}`, ...inside(outside, "victim") }),
    twin: [[symlink("a/link", "/etc"), file("a/link/x", "fine")]],
    want: { a: "d 755", "a/link": "-> /etc", etc: "d 755", "etc/x": "f 644 fine" },
  },
  "symlinks in a circle": {
    attack: () => [[symlink("a", "b"), symlink("b", "a"), file("a/x", "evil")]],
    outcome: refused,
    twin: [[symlink("a", "b"), symlink("b", "a")]],
    want: { a: "-> b", b: "-> a" },
  },
  "a file that replaces a symlink to outside": {
    attack: () => [[symlink("s", "../outside/victim"), file("s", "evil")]],
    outcome: () => ({ s: "f 644 evil" }),
    twin: [[file("s", "old"), file("s", "fine")]],
    want: { s: "f 644 fine" },
  },
  "a symlink whose name ends in a slash": {
    attack: () => [[symlink("esc/", "../outside"), file("esc/victim", "evil")]],
    outcome: () => ({ esc: "-> ../outside", outside: "d 755", "outside/victim": "f 644 evil" }),
    twin: [[symlink("link/", "target")]],
    want: { link: "-> target" },
  },
  "a directory replaced by a symlink between two entries": {
    attack: () => [[
      directory("d"),
      file("d/one", "fine"),
      symlink("d", "../outside"),
      file("d/victim", "evil"),
    ]],
    outcome: () => ({ d: "-> ../outside", outside: "d 755", "outside/victim": "f 644 evil" }),
    twin: [[file("d", "fine"), directory("d"), file("d/one", "fine")]],
    want: { d: "d 755", "d/one": "f 644 fine" },
  },
  "a directory that replaces a symlink to outside, with its mode": {
    attack: () => [[symlink("d", "../outside")], [directory("d", { mode: 0o777 }), file("d/victim", "evil")]],
    outcome: () => ({ d: "d 777", "d/victim": "f 644 evil" }),
    twin: [[directory("d", { mode: 0o700 })], [directory("d", { mode: 0o750 })]],
    want: { d: "d 750" },
  },
  "a symlink as the root": {
    attack: () => [[symlink("./", "../outside"), file("victim", "evil")]],
    outcome: refused,
    twin: [[directory("./"), file("./a", "fine")]],
    want: { a: "f 644 fine" },
  },
  "a file below a file": {
    attack: () => [[file("a", "x")], [file("a/b", "evil")]],
    outcome: refused,
    twin: [[file("a", "fine")], [file("a/.wh.b")]],
    want: { a: "f 644 fine" },
  },
  "a symlink with an empty target": {
    attack: () => [[symlink("s", "")]],
    outcome: refused,
    twin: [[symlink("s", ".")]],
    want: { s: "-> ." },
  },
  "an empty name": {
    attack: () => [[file("", "evil")]],
    outcome: refused,
    twin: [[file(" ", "fine")]],
    want: { " ": "f 644 fine" },
  },
  "a hard link to an absolute path outside": {
    attack: (outside) => [[hardlink("h", `${outside}/victim`), file("h", "evil")]],
    outcome: refused,
    twin: [[file("a", "fine"), hardlink("h", "/a")]],
    want: { a: "f 644 fine", h: "f 644 fine" },
  },
  "a hard link that climbs": {
    attack: () => [[hardlink("h", "../outside/victim")]],
    outcome: refused,
    twin: [[file("d/a", "fine"), hardlink("h", "./d/a")]],
    want: { d: "d 755", "d/a": "f 644 fine", h: "f 644 fine" },
  },
  "a hard link through a symlink to outside": {
    attack: () => [[symlink("esc", "../outside"), hardlink("h", "esc/victim"), file("h", "evil")]],
    outcome: refused,
    twin: [[symlink("esc", "d"), file("d/a", "fine"), hardlink("h", "esc/a")]],
    want: { d: "d 755", "d/a": "f 644 fine", esc: "-> d", h: "f 644 fine" },
  },
  "a hard link to a symlink to outside, then written to": {
    attack: () => [[symlink("s", "../outside/victim"), hardlink("h", "s"), file("h", "evil")]],
    outcome: () => ({ h: "f 644 evil", s: "-> ../outside/victim" }),
    twin: [[symlink("s", "a"), hardlink("h", "s")]],
    want: { h: "-> a", s: "-> a" },
  },
  "a hard link to a directory": {
    attack: () => [[directory("d"), hardlink("h", "d")]],
    outcome: refused,
    twin: [[directory("d"), symlink("h", "d")]],
    want: { d: "d 755", h: "-> d" },
  },
  "a hard link that replaces the directory of its target": {
    attack: () => [[file("d/a", "x"), hardlink("d", "d/a")]],
    outcome: refused,
    twin: [[file("a", "fine"), hardlink("a", "a")]],
    want: { a: "f 644 fine" },
  },
  "a whiteout of its own directory": {
    attack: () => [[file("d/a", "x")], [file("d/.wh..")]],
    outcome: refused,
    twin: [[file("d/.a", "x")], [file("d/.wh..a")]],
    want: { d: "d 755" },
  },
  "a whiteout of the directory above": {
    attack: () => [[file(".wh...")]],
    outcome: refused,
    twin: [[file("...", "x")], [file(".wh....")]],
    want: {},
  },
  "a whiteout of the empty name": {
    attack: () => [[file("d/.wh.")]],
    outcome: refused,
    twin: [[file("d/.wh", "fine")]],
    want: { d: "d 755", "d/.wh": "f 644 fine" },
  },
  "a whiteout through a symlink to outside": {
    attack: () => [[symlink("esc", "../outside")], [file("esc/.wh.victim")]],
    outcome: () => ({ esc: "-> ../outside" }),
    twin: [[symlink("esc", "d"), file("d/a")], [file("esc/.wh.a")]],
    want: { d: "d 755", esc: "-> d" },
  },
  "an opaque whiteout through a symlink to outside": {
    attack: (outside) => [[symlink("esc", outside)], [file("esc/.wh..wh..opq")]],
    outcome: (outside) => ({ esc: `-> ${outside}` }),
    twin: [[file("d/a")], [file("d/.wh..wh..opq")]],
    want: { d: "d 755" },
  },
  "a whiteout of a symlink to outside": {
    attack: () => [[symlink("s", "../outside")], [file(".wh.s")]],
    outcome: () => ({}),
    twin: [[symlink("s", "d"), file("d/a", "fine")], [file(".wh.s")]],
    want: { d: "d 755", "d/a": "f 644 fine" },
  },
  "a whiteout of a directory that holds symlinks to outside": {
    attack: (outside) => [[symlink("d/s", outside), symlink("d/t", "../../outside")], [file(".wh.d")]],
    outcome: () => ({}),
    twin: [[file("d/e/f"), file("g", "fine")], [file(".wh.d")]],
    want: { g: "f 644 fine" },
  },
  "a whiteout below a dead symlink": {
    attack: () => [[symlink("esc", "../nowhere")], [file("esc/.wh.victim")]],
    outcome: () => ({ esc: "-> ../nowhere" }),
    twin: [[], [file("not/there/.wh.a")]],
    want: {},
  },
};

for (const [name, { attack, outcome, twin, want }] of Object.entries(CASES)) {
  testBoth(`unpackRootfs() is safe from ${name}`, async (calls) => {
    using box = new Box();
    const expected = outcome(box.outside);
    const run = () => box.unpack(attack(box.outside), { calls });
    if (expected === "refused") {
      const error = await assertRejects(run);
      assert(isCode(error, "invalid_content"), String(error));
      assertEquals(box.list(), {});
    } else {
      await run();
      const found = box.list();
      assertEquals({ ...found, ...expected }, found);
    }
    assert(box.isOutsideUnchanged);
    using innocent = new Box();
    await innocent.unpack(twin, { calls });
    assertEquals(innocent.list(), want);
    assert(innocent.isOutsideUnchanged);
  });
}

testBoth("unpackRootfs() never hangs, crashes or writes outside on random entries", async (calls) => {
  const random = seededRandom();
  const words = ["a", "b", "c", "..", ".", "/", ".wh.a", ".wh.b", ".wh..wh..opq", "outside", "é"];
  const path = (outside: string): string => {
    const name = Array.from({ length: 1 + random(4) }, () => words[random(words.length)] ?? "a").join("/");
    return random(8) === 0 ? `${outside}/victim` : random(8) === 0 ? `/${name}` : name;
  };
  let complete = 0;
  for (let round = 0; round < 150; round++) {
    using box = new Box();
    const entry = (): TestEntry => {
      // Most names have no "..", so that many layers are valid.
      const name = random(10) === 0 ? path(box.outside) : path(box.outside).replaceAll("..", "d");
      switch (random(6)) {
        case 0:
          return directory(name, { mode: 0o700 + random(0o100) });
        case 1:
          return symlink(name, path(box.outside));
        case 2:
          return hardlink(name, path(box.outside));
        case 3:
          return make.fifo(name);
        default:
          return file(name, "content", { mode: random(0o10000) });
      }
    };
    const layers = Array.from({ length: 2 }, () => Array.from({ length: 1 + random(6) }, entry));
    try {
      await box.unpack(layers, { calls });
      complete++;
    } catch (error) {
      assert(isCode(error, "invalid_content"), String(error));
      assertEquals(box.list(), {});
    }
    assert(box.isOutsideUnchanged);
  }
  assert(complete > 20, `only ${complete} rounds were unpacked completely`);
});

testBoth("unpackRootfs() never hangs, crashes or writes outside on damaged archives", async (calls) => {
  const random = seededRandom();
  const whole = writeArchive([
    directory("d", { mode: 0o700 }),
    file("d/a", "content"),
    symlink("d/s", "../../outside"),
    file("long".repeat(30), "x", { mtime: { seconds: -5, nanoseconds: 5 } }),
    hardlink("h", "d/a"),
    make.fifo("p"),
  ]);
  for (let round = 0; round < 150; round++) {
    using box = new Box();
    const bytes = Uint8Array.from(random(5) === 0 ? whole.subarray(0, random(whole.length)) : whole);
    const block = random(bytes.length / 512) * 512;
    const header = bytes.subarray(block, block + 512);
    // Change the name, type, target and size, but not the mode: an ordinary user must be able to remove the
    // tree.
    for (let i = 0; i <= random(3); i++) {
      header[[random(20), 156, 157 + random(20), 124 + random(12)][random(4)] ?? 0] = random(3) === 0
        ? random(256)
        : 0x2e;
    }
    if (header.length === 512) writeChecksum(header);
    const diffId = await digestOf(bytes);
    try {
      const open = () => Promise.resolve(sourceOf(bytes, diffId));
      await unpackRootfs(box.root, [open], { calls }, neverAborted());
    } catch (error) {
      assert(isCode(error, "invalid_content", "unsupported", "limit_exceeded", "no_space"), String(error));
    }
    assert(box.isOutsideUnchanged);
  }
});
