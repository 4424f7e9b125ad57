import { assert, assertEquals, assertMatch } from "../assert.ts";
import { buildImage } from "../images/mod.ts";
import { cutAfter, startRegistry } from "../registry/mod.ts";
import { commandWords, sandbox } from "./program.ts";

Deno.test("dray pull --progress=json reports a whole pull, one event per line", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const image = await buildImage({ layers: [{ size: 300_000 }] });
  const { reference } = registry.push("app", "v1", image);
  const [layer] = image.layers;
  assert(layer !== undefined);
  registry.fault(layer.blob.digest, cutAfter(100_000));
  const { code, stderr } = await box.dray(["pull", "--progress=json", reference]);
  assertEquals(code, 0);
  const events = stderr.trim().split("\n").map((line) => JSON.parse(line));
  for (const event of events) {
    assertEquals([event.v, event.name], [1, reference]);
    assertMatch(event.time, /^[0-9-]+T[0-9:.]+Z$/);
  }
  const kinds = new Set(events.map(({ event }) => event));
  for (const kind of ["resolving", "resolved", "planned", "blob", "retry", "recorded", "end"]) {
    assert(kinds.has(kind), `no "${kind}" in ${[...kinds]}`);
  }
  const committed = events.filter(({ state }) => state === "committed").map(({ digest }) => digest);
  assertEquals(new Set(committed).size, image.blobs.length + 1);
});

Deno.test("dray pull without a terminal writes lines without control characters", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const { reference } = registry.push("app", "v1", await buildImage());
  const { stderr } = await box.dray(["pull", reference]);
  assertMatch(stderr, /downloaded/);
  // deno-lint-ignore no-control-regex -- the test looks for them
  assert(!/[\x00-\x09\x0b-\x1f]/.test(stderr), JSON.stringify(stderr));
  const quiet = await box.dray(["pull", "--quiet", reference]);
  assertEquals(quiet.stderr, "");
});

Deno.test("dray ends silently when the reader of its output has exited", async () => {
  await using registry = await startRegistry();
  await using box = await sandbox();
  const image = await buildImage();
  for (let i = 0; i < 3000; i++) registry.push("app", `a-rather-long-tag-${i}`, image);
  const script = `${commandWords().join(" ")} tags ${registry.host}/app 2>${box.directory}/errors | head -1`;
  const child = new Deno.Command("sh", { args: ["-c", script], stdout: "piped", stderr: "piped" });
  const { stdout } = await child.output();
  assertMatch(new TextDecoder().decode(stdout), /^a-rather-long-tag-[0-9]+\n$/);
  assertEquals(await Deno.readTextFile(`${box.directory}/errors`), "");
});
