import { KIB } from "../../src/base/bytes.ts";
import { assert, assertEquals } from "../assert.ts";
import { sandbox } from "../e2e/program.ts";
import { buildImage } from "../images/mod.ts";
import { drip, stallAfter, startRegistry } from "../registry/mod.ts";
import { realTest, SLOW_MS } from "./tools.ts";

realTest(
  { timeout: SLOW_MS },
  "stalled and very slow transfers reconnect and resume",
  async () => {
    await using registry = await startRegistry();
    await using box = await sandbox();
    const image = await buildImage({ layers: [{ size: 900 * KIB }, { size: 901 * KIB }] });
    const { reference } = registry.push("app", "v1", image);
    const [still, slow] = image.layers.map((layer) => layer.blob.digest);
    assert(still !== undefined && slow !== undefined);
    registry.fault(still, stallAfter(600 * KIB));
    registry.fault(slow, drip(100, 1000));
    await box.ok(["pull", reference]);
    const ranges = (digest: string) => registry.requests.of(digest, "GET").map((entry) => entry.range);
    assertEquals(ranges(still), ["", `bytes=${600 * KIB}-`]);
    assertEquals(ranges(slow).length, 2);
    await box.ok(["verify"]);
  },
);
