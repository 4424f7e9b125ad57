import { assert, assertEquals, assertMatch } from "../assert.ts";
import { sandbox } from "../e2e/program.ts";
import { buildImage } from "../images/mod.ts";
import { startRegistry } from "../registry/mod.ts";
import { runOk } from "./child.ts";
import { onSmallDisk } from "./small_disk.ts";
import { realTest } from "./tools.ts";

const MIB = 1024 * 1024;

realTest(
  { root: true },
  "a full disk ends the pull, and the next pull resumes once there is space",
  () =>
    onSmallDisk(async (disk) => {
      await using registry = await startRegistry();
      await using box = await sandbox({ store: `${disk}/store` });
      const image = await buildImage({ layers: [{ size: 6 * MIB }, { size: 5 * MIB }] });
      const { reference } = registry.push("app", "v1", image);
      const { code, stderr } = await box.dray(["pull", reference]);
      assertEquals(code, 7, stderr);
      assertMatch(stderr, /space/);
      assertEquals(await box.json(["images"]), []);
      await box.ok(["verify"]);
      const tries = image.layers.map(({ blob }) => registry.requests.of(blob.digest, "GET").length);
      assert(tries.every((count) => count <= 1), `a full disk is not retried: ${tries}`);

      await runOk("mount", ["-o", "remount,size=64m", disk]);
      registry.requests.clear();
      await box.ok(["pull", reference]);
      await box.ok(["verify"]);
      const ranges = registry.requests.of("/blobs/", "GET").map((entry) => entry.range);
      assert(ranges.some((range) => range !== ""), `the next pull requests ${ranges}`);
    }),
);
