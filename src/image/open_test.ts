import { assertEquals, assertRejects, assertStrictEquals } from "../../tests/assert.ts";
import { makeFixture } from "../../tests/fakes/fixture.ts";
import { buildImage } from "../../tests/images/mod.ts";
import { openImages } from "./open.ts";
import { pullImage } from "./pull.ts";
import type { CallOptions, ImageService } from "./service.ts";

const NAME = "a.b/c:1";
const SINK = { write: () => Promise.resolve() };

const CALLS: Readonly<
  Record<string, (images: ImageService, root: string, options: CallOptions) => Promise<unknown>>
> = {
  pin: (images, _, options) => images.pin(NAME, true, options),
  tag: (images, _, options) => images.tag(NAME, "x.y/z:1", options),
  remove: (images, _, options) => images.remove([NAME], options),
  collect: (images, _, options) => images.collect(options),
  verify: (images, _, options) => images.verify(options),
  unpack: (images, root, options) => images.unpack(NAME, `${root}/tree`, options),
  unpackLayers: (images, _, options) => images.unpackLayers(NAME, options),
  exportArchive: (images, _, options) => images.exportArchive([NAME], "oci-archive", SINK, options),
  exportLayout: (images, root, options) => images.exportLayout([NAME], `${root}/layout`, options),
  exportRootfs: (images, _, options) => images.exportRootfs(NAME, SINK, options),
  importFolder: (images, root, options) => images.importFolder(root, options),
  diff: (images, _, options) => images.diff(NAME, NAME, options),
};

Deno.test("every use-case gives up at the signal of its options, and changes nothing", async (t) => {
  await using fixture = await makeFixture();
  fixture.remote.push("1", await buildImage());
  await pullImage(fixture.deps, NAME);
  const images = await openImages({ root: fixture.root });
  const before = await images.list();
  const reason = new Error("enough");
  for (const [name, call] of Object.entries(CALLS)) {
    await t.step(name, async () => {
      const thrown = await assertRejects(
        () => call(images, fixture.root, { signal: AbortSignal.abort(reason) }),
        Error,
      );
      assertStrictEquals(thrown, reason);
      assertEquals(await images.list(), before);
    });
  }
  images.close();
});
