import { assert, assertEquals } from "../assert.ts";
import { buildImage } from "../images/mod.ts";
import { run } from "./child.ts";
import { startRegistry } from "../registry/mod.ts";
import { realTest, SLOW_MS } from "./tools.ts";
import { sandbox } from "../e2e/program.ts";
import { COMMIT_STEPS } from "../store/commit_steps.ts";

const program = new URL("die_at_step.ts", import.meta.url).pathname;
const KILLED = 137;

realTest(
  { timeout: SLOW_MS },
  "a store stays intact when a pull is killed after any step of a write",
  async (t) => {
    await using registry = await startRegistry();
    const image = await buildImage({ layers: [{ size: 2_500_000 }, { size: 3_000_000 }] });
    const { reference } = registry.push("app", "v1", image);
    for (const step of COMMIT_STEPS) {
      // The first index is the empty one of a new store. The second one has the image.
      for (const times of ["1", "2"]) {
        await t.step(`${step}, time ${times}`, async () => {
          await using box = await sandbox();
          const dying = await run(Deno.execPath(), ["run", "-A", program, box.store, reference, step, times]);
          assertEquals(dying.code, KILLED, dying.stderr);
          const verified = await box.dray(["verify"]);
          assertEquals(verified.code, 0, verified.stderr + verified.stdout);
          const images = await box.json(["images"]);
          const isNamed = times === "2" && ["index-renamed", "index-directory-synced"].includes(step);
          assertEquals(images.length, isNamed ? 1 : 0);
          await box.ok(["pull", reference]);
          await box.ok(["verify"]);
          await box.ok(["gc", "--partial-age", "0"]);
          assertEquals([...Deno.readDirSync(`${box.store}/ingest`)], []);
          const names = [...Deno.readDirSync(box.store)].map(({ name }) => name);
          assert(names.every((name) => !/tmp|new/.test(name)), `left in the store: ${names}`);
        });
      }
    }
  },
);
