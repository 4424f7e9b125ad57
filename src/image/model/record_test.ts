import { assertEquals } from "../../../tests/assert.ts";
import { makeFixture } from "../../../tests/fakes/fixture.ts";
import { buildImage } from "../../../tests/images/mod.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { pinImage } from "../pin.ts";
import { pullImage } from "../pull/pull.ts";

Deno.test("recordNames() keeps a name pinned", async (t) => {
  for (const change of ["the same image", "another image"] as const) {
    await t.step(`that is pulled again and now is ${change}`, async () => {
      await using parts = await makeFixture();
      const { deps, store, remote } = parts;
      remote.push("1", await buildImage({ seed: 1 }));
      await pullImage(deps, "a.b/c:1");
      await pinImage(deps, "a.b/c:1", true, neverAborted());
      if (change === "another image") remote.push("1", await buildImage({ seed: 2 }));
      await pullImage(deps, "a.b/c:1");
      const record = (await store.listImages()).find(({ name }) => name === "a.b/c:1");
      assertEquals(record?.pinned, true);
    });
  }
});

Deno.test("recordNames() pins a further name of a pinned image", async () => {
  await using parts = await makeFixture();
  const { deps, store, remote } = parts;
  const image = await buildImage();
  remote.push("1", image);
  remote.push("2", image);
  await pullImage(deps, "a.b/c:1");
  await pinImage(deps, "a.b/c:1", true, neverAborted());
  await pullImage(deps, "a.b/c:2");
  assertEquals((await store.listImages()).map(({ pinned }) => pinned), [true, true, true]);
});

Deno.test("recordNames() doesn't pin images", async () => {
  await using parts = await makeFixture();
  const { deps, store, remote } = parts;
  remote.push("1", await buildImage());
  await pullImage(deps, "a.b/c:1");
  await pullImage(deps, "a.b/c:1");
  assertEquals((await store.listImages()).map(({ pinned }) => pinned), [false, false]);
});
