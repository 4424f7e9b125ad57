import { digestOf } from "../oci/digest.ts";
import { assert, assertEquals } from "../../tests/assert.ts";
import { addSample, sampleOf } from "../../tests/contract/samples.ts";
import { StorePaths } from "./layout/paths.ts";
import { openStore } from "./store.ts";

Deno.test("usage() counts allocated blocks, hard links once, and doesn't follow symbolic links", async () => {
  const root = await Deno.makeTempDir({ prefix: "dray-usage-" });
  try {
    const store = await openStore(root);
    const empty = await store.usage();
    await addSample(store, await sampleOf(100_000));
    const { rootfs, directory } = new StorePaths(root).layer(await digestOf(new Uint8Array(1)));
    Deno.mkdirSync(rootfs, { recursive: true });
    Deno.writeFileSync(`${rootfs}/a`, new Uint8Array(200_000).fill(1));
    Deno.linkSync(`${rootfs}/a`, `${rootfs}/b`);
    Deno.symlinkSync(`${rootfs}/a`, `${directory}/c`);
    // A sparse file has no blocks.
    Deno.openSync(`${rootfs}/sparse`, { write: true, create: true }).close();
    Deno.truncateSync(`${rootfs}/sparse`, 1_000_000_000);
    const usage = await store.usage();
    assertEquals(usage.blobs, 1);
    const layers = usage.layerBytes - empty.layerBytes;
    assert(layers >= 200_000 && layers < 250_000, `${layers} bytes of layers`);
    // The blob, two directories, the file with two names, the symbolic link, and the sparse file.
    assertEquals(usage.inodes - empty.inodes, 6);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("usage() returns the space of the file system with --allow-sys", async () => {
  const root = await Deno.makeTempDir({ prefix: "dray-usage-" });
  try {
    const { free, capacity } = await (await openStore(root)).usage();
    assert(free !== undefined && capacity !== undefined && free > 0 && free <= capacity);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test({
  name: "usage() omits the space of the file system without --allow-sys",
  permissions: { read: true, write: true, sys: false },
  fn: async () => {
    const root = await Deno.makeTempDir({ prefix: "dray-usage-" });
    try {
      const usage = await (await openStore(root)).usage();
      assertEquals("free" in usage, false);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
});
