import { assertEquals, assertRejects } from "../../tests/assert.ts";
import { buildImage } from "../../tests/images/mod.ts";
import { startRegistry } from "../../tests/registry/mod.ts";
import { neverAborted } from "../base/concurrency/abort.ts";
import { isCode } from "../base/errors.ts";
import { openImageService } from "./open.ts";

async function fixture() {
  const root = await Deno.makeTempDir({ prefix: "dray-test-" });
  const registry = await startRegistry();
  const image = await buildImage();
  registry.push("team/app", "1", image);
  return {
    root,
    registry,
    image,
    reference: `${registry.host}/team/app:1`,
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await Deno.remove(root, { recursive: true });
    },
  };
}

Deno.test("openImageService() resolves an initial pull once, and later pulls again", async () => {
  await using parts = await fixture();
  const { root, registry, image, reference } = parts;
  const images = await openImageService({ root }, { reference, signal: neverAborted() });
  const resolutions = () => registry.requests.lines.filter((line) => line.endsWith("/manifests/1")).length;
  assertEquals((await images.pull(reference)).image.id, image.config.digest);
  assertEquals(resolutions(), 1);
  await images.pull(reference);
  assertEquals(resolutions(), 2);
  images.close();
});

Deno.test("openImageService() cancels the initial pull if the store can't be opened", async () => {
  await using parts = await fixture();
  const file = `${parts.root}/file`;
  await Deno.writeTextFile(file, "not a store");
  const first = { reference: parts.reference, signal: neverAborted() };
  await assertRejects(() => openImageService({ root: `${file}/store` }, first));
});

Deno.test("openImageService() opens the store even if the initial pull can't be resolved; the pull throws the error", async () => {
  await using parts = await fixture();
  const reference = `${parts.registry.host}/team/other:1`;
  const images = await openImageService({ root: parts.root }, { reference, signal: neverAborted() });
  assertEquals(isCode(await assertRejects(() => images.pull(reference)), "not_found"), true);
  images.close();
});

Deno.test("openImageService() throws for invalid registry settings when a call needs the registry", async () => {
  await using parts = await fixture();
  const { root, reference } = parts;
  await using images = await openImageService({ root, registry: { attempts: 0 } });
  assertEquals(await images.list(), []);
  const error = await assertRejects(() => images.pull(reference));
  assertEquals(isCode(error, "invalid_argument"), true);
});
