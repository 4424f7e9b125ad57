import { assert, assertEquals } from "../assert.ts";
import { seededRandom } from "../random.ts";
import { sandbox } from "../e2e/program.ts";
import { buildImage } from "../images/mod.ts";
import { startRegistry } from "../registry/mod.ts";
import { realTest, SLOW_MS } from "./tools.ts";

const KILLS = 50;
const MIB = 1024 * 1024;
/** Longer than a whole pull, so that some kills come too late, in milliseconds. */
const LONGEST_MS = 900;

realTest(
  { timeout: SLOW_MS },
  `a store stays intact when pulls are killed ${KILLS} times at random moments`,
  async () => {
    await using registry = await startRegistry({ bytesPerSecond: 12 * MIB });
    await using box = await sandbox();
    const layers = [{ size: 5 * MIB }, { size: 3 * MIB }, { size: 4 * MIB }, { size: 10 }, { size: 300_000 }];
    const { reference } = registry.push("app", "v1", await buildImage({ layers }));
    const draw = seededRandom();
    let whole = 0;
    for (let i = 0; i < KILLS; i++) {
      await using pull = box.start(["pull", "--progress=none", reference]);
      const timer = setTimeout(() => pull.kill("SIGKILL"), draw(LONGEST_MS));
      const { success } = await pull.status;
      clearTimeout(timer);
      const { code, stdout, stderr } = await box.dray(["verify"]);
      assertEquals(code, 0, `kill ${i}:\n${stdout}${stderr}`);
      const images = await box.json(["images"]);
      if (success) assertEquals(images.length, 1, `pull ${i} reported success`);
      if (images.length === 0) continue;
      whole++;
      await box.ok(["rm", reference]);
      await box.ok(["gc", "--partial-age", "0"]);
      assertEquals([...Deno.readDirSync(`${box.store}/ingest`)], [], `after ${i}`);
    }
    await box.ok(["pull", reference]);
    await box.ok(["verify"]);
    assert(whole > 0, "no pull finished");
    const ranges = registry.requests.of("/blobs/", "GET").filter((entry) => entry.range !== "").length;
    assert(ranges > 0, "no pull resumed after a killed one");
  },
);
