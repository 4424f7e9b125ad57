/**
 * The requirements of Kubernetes' conformance tests for an image service: the eleven cases of its Image
 * Manager and the three of image consistency.
 */
import { ImageService } from "../../src/cri/proto/runtime_pb.ts";
import { sleep } from "../../src/base/concurrency/abort.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { buildImage } from "../images/mod.ts";
import { CallError, type CriTest, withCri } from "./test_service.ts";

const DEADLINE_EXCEEDED = 4;

Deno.test("1, 2, 3: tags and digests after a pull by tag, without tag, and by digest", async (t) => {
  const image = await buildImage();
  const digest = `registry.example/test@${image.root.digest}`;
  const cases: readonly [name: string, tags: readonly string[], digests: readonly string[]][] = [
    ["registry.example/test:other", ["registry.example/test:other"], [digest]],
    ["registry.example/test", ["registry.example/test:latest"], [digest]],
    [digest, [], [digest]],
  ];
  for (const [name, tags, digests] of cases) {
    await t.step(name, () =>
      withCri(async ({ cri, fixture }) => {
        fixture.remote.push("latest", image);
        fixture.remote.push("other", image);
        await cri.pull(name);
        const status = await cri.status(name);
        assertEquals(status?.repoTags, tags);
        assertEquals(status?.repoDigests, digests);
        await cri.remove(status?.id ?? "");
        assertEquals(await cri.status(name), undefined);
      }));
  }
});

Deno.test("4: a deadline of 1 ms is exceeded, and leaves no image", async () => {
  await withCri(async ({ cri, fixture }) => {
    fixture.remote.push("latest", await buildImage({ layers: [{ size: 4_000_000 }] }));
    const error = await assertRejects(
      () =>
        cri.call(ImageService.method.pullImage, { image: { image: "registry.example/test" } }, {
          headers: [["grpc-timeout", "1m"]],
        }),
      CallError,
    );
    assertEquals(error.code, DEADLINE_EXCEEDED);
    assertEquals(await cri.list(), []);
  }, { images: ({ store }) => ({ store, registry: { remote: () => silentRegistry() } }) });
});

Deno.test("5: the status is the same by name, id, and every tag and digest", async () => {
  await withCri(async ({ cri, fixture }) => {
    fixture.remote.push("1", await buildImage());
    const id = await cri.pull("registry.example/a:1");
    await cri.pull("registry.example/b:1");
    const status = await cri.status(id);
    assertEquals(status?.repoTags.length, 2);
    const names = [...status?.repoTags ?? [], ...status?.repoDigests ?? [], id, id.slice("sha256:".length)];
    for (const name of names) assertEquals(await cri.status(name), status, name);
  });
});

Deno.test("6: uid and username come from the config's user", async (t) => {
  const cases: readonly [user: string, uid: bigint | undefined, username: string][] = [
    ["1002", 1002n, ""],
    ["www-data", undefined, "www-data"],
    ["1003:users", 1003n, ""],
    ["www-data:group", undefined, "www-data"],
    ["0", 0n, ""],
  ];
  for (const [user, uid, username] of cases) {
    await t.step(user, () =>
      withCri(async ({ cri, fixture }) => {
        fixture.remote.push("latest", await buildImage({ runConfig: { User: user } }));
        const status = await cri.status(await cri.pull("registry.example/test"));
        assertEquals(status?.uid?.value, uid);
        assertEquals(status?.username, username);
      }));
  }
});

Deno.test("7: three images are three entries with a tag each", async () => {
  await withCri(async ({ cri, fixture }) => {
    const ids = new Set<string>();
    for (const seed of [1, 2, 3]) {
      fixture.remote.push(`t${seed}`, await buildImage({ seed }));
      ids.add(await cri.pull(`registry.example/test:t${seed}`));
    }
    const images = await cri.list();
    assertEquals(new Set(images.map(({ id }) => id)), ids);
    assertEquals(images.map(({ repoTags }) => repoTags.length), [1, 1, 1]);
  });
});

Deno.test("8: three tags of one image are one entry", async () => {
  await withCri(async (test) => {
    await pullTags(test, ["registry.example/test:a", "registry.example/test:b", "registry.example/test:c"]);
    const [image, ...more] = await test.cri.list();
    assertEquals(image?.repoTags, [
      "registry.example/test:a",
      "registry.example/test:b",
      "registry.example/test:c",
    ]);
    assertEquals(more, []);
  });
});

Deno.test("9, 10: a removal by one tag takes all tags, those of other registries too", async (t) => {
  const cases = [
    ["registry.example/test:a", "registry.example/test:b"],
    ["registry.example/test:a", "other.example/test:a"],
  ];
  for (const names of cases) {
    await t.step(names.join(" "), () =>
      withCri(async (test) => {
        await pullTags(test, names);
        await test.cri.remove(names[0] ?? "");
        for (const name of names) assertEquals(await test.cri.status(name), undefined, name);
        assertEquals(await test.cri.list(), []);
      }));
  }
});

Deno.test("11, 12: an image is listed immediately after its pull, and not after its removal", async () => {
  await withCri(async (test) => {
    for (let i = 0; i < 5; i++) {
      await pullTags(test, ["registry.example/test:a"]);
      assertEquals((await test.cri.list()).length, 1);
      await test.cri.remove("registry.example/test:a");
      assertEquals(await test.cri.list(), []);
    }
  });
});

Deno.test("13: five parallel removals all succeed, and each sees the image gone", async () => {
  await withCri(async (test) => {
    await pullTags(test, ["registry.example/test:a"]);
    const [image] = await test.cri.list();
    const clients = await Promise.all(Array.from({ length: 5 }, () => test.connect()));
    await Promise.all(clients.map(async (cri) => {
      await cri.remove(image?.id ?? "");
      assertEquals(await cri.status(image?.id ?? ""), undefined);
      assertEquals(await cri.list(), []);
    }));
  });
});

Deno.test("14: an image that never existed can be removed, twice", async () => {
  await withCri(async ({ cri }) => {
    for (const image of ["0".repeat(64), `sha256:${"0".repeat(64)}`, "registry.example/none:1"]) {
      await cri.remove(image);
      await cri.remove(image);
    }
  });
});

Deno.test("15: a pull returns the image's id, and the same one from every registry", async () => {
  await withCri(async (test) => {
    const ids = await pullTags(test, ["registry.example/test:a", "other.example/test:a"]);
    const [image] = await test.cri.list();
    assertEquals(new Set(ids), new Set([image?.id]));
    const digest = image?.repoDigests[0] ?? "";
    assertEquals(await test.cri.pull(digest), image?.id);
  });
});

Deno.test("the file system's usage grows with a pull and falls with a removal", async () => {
  await withCri(async (test) => {
    const before = await test.cri.usage();
    await pullTags(test, ["registry.example/test:a"]);
    const pulled = await test.cri.usage();
    assert(pulled.bytes > before.bytes && pulled.inodes > before.inodes);
    await test.cri.remove("registry.example/test:a");
    const removed = await test.cri.usage();
    assert(removed.bytes < pulled.bytes && removed.inodes < pulled.inodes);
  });
});

async function pullTags({ cri, fixture }: CriTest, names: readonly string[]): Promise<readonly string[]> {
  const image = await buildImage();
  const ids: string[] = [];
  for (const name of names) {
    fixture.remote.push(name.slice(name.lastIndexOf(":") + 1), image);
    ids.push(await cri.pull(name));
  }
  return ids;
}

/** A registry that doesn't respond. After 5 s it fails, so that a pull without its deadline doesn't hang the test. */
function silentRegistry() {
  const wait = async (signal: AbortSignal) => {
    await sleep(5000, signal);
    throw new Error("The pull had no deadline");
  };
  return {
    resolve: (_: unknown, signal: AbortSignal) => wait(signal),
    resolveDigest: (_: unknown, signal: AbortSignal) => wait(signal),
    fetch: (_: unknown, __: unknown, signal: AbortSignal) => wait(signal),
    listTags: (_: unknown, signal: AbortSignal) => wait(signal),
    listReferrers: (_: unknown, signal: AbortSignal) => wait(signal),
  };
}
