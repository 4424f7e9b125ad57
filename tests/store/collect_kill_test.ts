import { Roots } from "../../src/image/gc/roots.ts";
import { collectGarbage } from "../../src/image/gc/sweep.ts";
import { verifyStore } from "../../src/image/verify/verify.ts";
import { openStore } from "../../src/store/store.ts";
import { assert, assertEquals } from "../assert.ts";
import { type Draw, seededRandom } from "../random.ts";
import { Child } from "./child_process.ts";
import { imageRemote } from "./collect_images.ts";

/** One process of each is killed per round. */
const MODES = ["pull", "pull", "remove", "collect"] as const;
const ROUNDS = 6;
const SCRIPT = "./collect_child.ts";

/** Lets processes work on one store in parallel, and kills each of them at a random moment. */
async function killAll(root: string, draw: Draw): Promise<void> {
  const ends = await Promise.allSettled(MODES.map(async (mode) => {
    await using child = new Child(SCRIPT, mode, root, String(draw(1 << 30)));
    const lines = 1 + draw(25);
    for (let i = 0; i < lines; i++) {
      const line = await child.line();
      assert(line !== undefined, `a process that should ${mode} has ended by itself`);
    }
    child.kill();
    await child.rest();
    assertEquals(await child.ended(), "SIGKILL");
  }));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

const namesIn = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name);

Deno.test("pulls, removals and collections in parallel that are killed at random leave whole images", async () => {
  const draw = seededRandom();
  const root = await Deno.makeTempDir({ prefix: "dray-collect-" });
  try {
    const remote = await imageRemote();
    for (let round = 0; round < ROUNDS; round++) {
      await killAll(root, draw);
      const store = await openStore(root);
      const deps = { store, registry: { remote: () => remote } };
      const { faults } = await verifyStore(deps);
      assertEquals(faults, [], "every recorded image has all its blobs and layers, with the right content");

      await collectGarbage(deps, { partialAge: 0 });
      const roots = new Roots(store);
      const blobs = await Array.fromAsync(store.listBlobs(), ({ digest }) => digest);
      assertEquals(new Set(blobs), await roots.blobs(), "no garbage remains");
      assertEquals(await Array.fromAsync(store.listIngests()), []);
      const layers = (await store.listLayers()).map(({ chainId }) => chainId);
      assertEquals(
        new Set(layers),
        await roots.layers(),
        "every image is unpacked, and no other layer is left",
      );
      assertEquals(namesIn(`${root}/layers`).length, layers.length);
      assertEquals(namesIn(`${root}/ingest`), []);
      assertEquals(namesIn(`${root}/locks/content`), [], "no hold of a killed process is left");
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
