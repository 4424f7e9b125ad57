import { assertEquals } from "../../tests/assert.ts";
import { findDirectoryCycles, findFileCycles } from "./cycles.ts";
import { graphOf } from "./test_graph.ts";

Deno.test("findFileCycles() reports each cycle once", () => {
  const found = findFileCycles(graphOf({
    "src/oci/a.ts": ["src/oci/b.ts", "src/oci/d.ts"],
    "src/oci/b.ts": ["src/oci/c.ts"],
    "src/oci/c.ts": ["src/oci/a.ts"],
    "src/oci/d.ts": [],
    "src/oci/e.ts": ["src/oci/e.ts"],
  }));
  assertEquals(found, [
    "cycle between files:\n    src/oci/a.ts\n    -> src/oci/b.ts\n    -> src/oci/c.ts\n    -> src/oci/a.ts",
    "cycle between files:\n    src/oci/e.ts\n    -> src/oci/e.ts",
  ]);
});

Deno.test("findDirectoryCycles() reports directories that import each other through different files", () => {
  const found = findDirectoryCycles(graphOf({
    "src/store/blobs/a.ts": ["src/store/locks/a.ts"],
    "src/store/locks/a.ts": [],
    "src/store/locks/b.ts": ["src/store/index/a.ts"],
    "src/store/index/a.ts": [],
    "src/store/index/b.ts": ["src/store/blobs/b.ts"],
    "src/store/blobs/b.ts": [],
  }));
  assertEquals(found, [
    "cycle between directories: src/store/blobs -> src/store/locks -> src/store/index -> src/store/blobs\n" +
    "    src/store/blobs/a.ts:7 -> src/store/locks/a.ts\n" +
    "    src/store/locks/b.ts:7 -> src/store/index/a.ts\n" +
    "    src/store/index/b.ts:7 -> src/store/blobs/b.ts",
  ]);
});

Deno.test("findDirectoryCycles() counts the root directory of a module", () => {
  const found = findDirectoryCycles(graphOf({
    "src/image/open.ts": ["src/image/pull/pull.ts"],
    "src/image/pull/pull.ts": [],
    "src/image/pull/plan.ts": ["src/image/pin.ts"],
    "src/image/pin.ts": [],
  }));
  assertEquals(found, [
    "cycle between directories: src/image -> src/image/pull -> src/image\n" +
    "    src/image/open.ts:7 -> src/image/pull/pull.ts\n" +
    "    src/image/pull/plan.ts:7 -> src/image/pin.ts",
  ]);
});

Deno.test("findDirectoryCycles() accepts one direction, imports by tests, and other modules", () => {
  const found = findDirectoryCycles(graphOf({
    "src/image/open.ts": ["src/image/pull/pull.ts", "src/image/gc/sweep.ts"],
    "src/image/pull/pull.ts": ["src/image/gc/sweep.ts", "src/store/store.ts"],
    "src/image/gc/sweep.ts": [],
    // In the other direction, but only for tests.
    "src/image/gc/sweep_test.ts": ["src/image/open.ts", "src/image/pull/pull.ts"],
    "src/image/gc/test_kit.ts": ["src/image/open.ts"],
    "src/image/gc/remove.ts": ["src/image/test_kit.ts"],
    // A cycle between modules is a violation of the tiers.
    "src/store/store.ts": ["src/image/open.ts"],
  }));
  assertEquals(found, []);
});
