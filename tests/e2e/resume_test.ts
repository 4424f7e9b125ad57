import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { buildImage } from "../images/mod.ts";
import { Gate, holdAfter, startRegistry, type TestRegistry } from "../registry/mod.ts";
import { type Sandbox, sandbox } from "./program.ts";

const MIB = 1024 * 1024;

async function oneBigLayer(registry: TestRegistry) {
  const image = await buildImage({ layers: [{ size: 6 * MIB }, { size: 100 }] });
  const { reference } = registry.push("app", "v1", image);
  const [big] = image.layers;
  assert(big !== undefined);
  return { image, reference, big: big.blob };
}

/** Waits until an ingest of a store has more than `bytes`. It polls, because another process writes them. */
async function untilWritten(store: string, bytes: number): Promise<void> {
  const directory = `${store}/ingest`;
  for (;;) {
    const names = await Array.fromAsync(Deno.readDir(directory)).catch(() => []);
    const sizes = names.map(({ name }) =>
      Deno.stat(`${directory}/${name}/data`).then((info) => info.size, () => 0)
    );
    if ((await Promise.all(sizes)).some((size) => size > bytes)) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Starts a pull, and stops it in the middle of the big layer. Returns its exit code. */
async function interrupt(box: Sandbox, registry: TestRegistry, signal: Deno.Signal): Promise<number> {
  const { reference, big } = await oneBigLayer(registry);
  registry.fault(big.digest, holdAfter(4 * MIB, new Gate()));
  await using pull = box.start(["pull", reference]);
  await untilWritten(box.store, MIB);
  pull.kill(signal);
  return (await pull.status).code;
}

for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
  Deno.test(`dray pull resumes after ${signal}`, async () => {
    await using registry = await startRegistry();
    await using box = await sandbox();
    const code = await interrupt(box, registry, signal);
    assertEquals(code, { SIGINT: 130, SIGTERM: 143, SIGKILL: 137 }[signal]);
    assertEquals((await box.dray(["verify"])).code, 0, "the store is intact");
    registry.requests.clear();
    const { reference, big } = await oneBigLayer(registry);
    await box.ok(["pull", reference]);
    const [ranged] = registry.requests.of(big.digest, "GET");
    const [, from = "0"] = /^bytes=([0-9]+)-/.exec(ranged?.range ?? "") ?? [];
    assert(Number(from) > 0, `the next run requests "${ranged?.range}"`);
    await box.ok(["verify"]);
  });
}

Deno.test("two parallel pulls fetch each blob once", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const { reference, image, big } = await oneBigLayer(registry);
  const gate = new Gate();
  registry.fault(big.digest, holdAfter(2 * MIB, gate));
  const pulls = [box.ok(["pull", reference]), box.ok(["pull", reference])];
  await gate.reached;
  // Both have resolved the name, so both are in the middle of a pull.
  const processes = new Set<number>();
  await registry.requests.until((entry) =>
    entry.path.includes("/manifests/") && processes.add(entry.connection).size === 2
  );
  gate.open();
  const [one, two] = await Promise.all(pulls);
  assertEquals(one, two);
  for (const blob of image.blobs) assertEquals(registry.requests.of(blob.digest, "GET").length, 1);
});

Deno.test("dray gc and rm free space during a pull, and keep its blobs and partial downloads", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const { reference, big } = await oneBigLayer(registry);
  const gate = new Gate();
  registry.fault(big.digest, holdAfter(2 * MIB, gate));
  const other = registry.push("other", "1", await buildImage({ seed: 99 }));
  await box.ok(["pull", other.reference]);
  const pull = box.ok(["pull", reference]);
  await gate.reached;
  const blobs = () => [...Deno.readDirSync(`${box.store}/blobs/sha256`)].length;
  const before = blobs();
  await box.ok(["rm", "--all-tags", other.reference]);
  assert(blobs() < before, "the removed image is deleted");
  const swept = await box.json(["gc", "--partial-age", "0"]);
  assertEquals([swept.blobs, swept.partials], [[], []]);
  gate.open();
  assertStringIncludes(await pull, reference);
  await box.ok(["verify"]);
  assertEquals(registry.requests.of(big.digest, "GET").length, 1);
});
