import { assertEquals } from "../assert.ts";
import { sandbox } from "../e2e/program.ts";
import { buildImage } from "../images/mod.ts";
import { startRegistry } from "../registry/mod.ts";
import { onSmallDisk } from "./small_disk.ts";
import { realTest } from "./tools.ts";

const MIB = 1024 * 1024;

/** Fills every free block. */
async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true });
  try {
    for (let size = MIB; size >= 1;) {
      try {
        if (await file.write(new Uint8Array(size)) < size) size = Math.floor(size / 2);
      } catch {
        size = Math.floor(size / 2);
      }
    }
  } finally {
    await file.sync();
  }
}

realTest(
  { root: true },
  "on a disk without a free block, dray rm removes an image and frees its space",
  () =>
    onSmallDisk(async (disk) => {
      await using registry = await startRegistry();
      await using box = await sandbox({ store: `${disk}/store` });
      const one = registry.push("app", "one", await buildImage({ seed: 1, layers: [{ size: MIB }] }));
      const two = registry.push("app", "two", await buildImage({ seed: 2, layers: [{ size: MIB }] }));
      await box.ok(["pull", one.reference]);
      await box.ok(["pull", two.reference]);
      await fill(`${disk}/other`);
      assertEquals((await box.dray(["tag", one.reference, "x.y/z:1"])).code, 7);
      await box.ok(["rm", one.reference]);
      assertEquals((await box.json(["images"])).length, 1);
      await box.ok(["verify"]);
      await fill(`${disk}/other`);
      await box.ok(["rm", two.reference]);
      assertEquals(await box.json(["images"]), []);
      await box.ok(["pull", one.reference]);
    }),
);
