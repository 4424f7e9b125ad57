import { assert, assertEquals, assertRejects, assertStrictEquals } from "../../tests/assert.ts";
import { FakeRemote } from "../../tests/fakes/fake_remote.ts";
import { buildArtifact, buildImage } from "../../tests/images/mod.ts";
import { Gate, holdAfter, startRegistry, type TestRegistry, wrongByte } from "../../tests/registry/mod.ts";
import { concatBytes } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";
import { fetchBlob, fetchManifest, listReferrers } from "./fetch.ts";
import { openRegistry } from "./registry.ts";

/** Several chunks, so that the last one is not the first one. */
const LAYERS = { layers: [{ size: 300_000, compression: "none" }] } as const;

async function withRegistry(
  use: (server: TestRegistry, client: ReturnType<typeof openRegistry>) => Promise<void>,
): Promise<void> {
  await using server = await startRegistry();
  await using client = openRegistry({ attempts: 1 });
  await use(server, client);
}

async function pushed(server: TestRegistry) {
  const image = await buildImage(LAYERS);
  const { reference, byDigest } = server.push("team/app", "1", image);
  const [layer] = image.layers;
  assert(layer);
  return { image, reference, byDigest, layer };
}

Deno.test("fetchManifest() returns the verified bytes and the parsed document", async (t) => {
  await withRegistry(async (server, client) => {
    const { image, reference, byDigest } = await pushed(server);
    for (const text of [reference, byDigest]) {
      await t.step(text === reference ? "by tag" : "by digest", async () => {
        const { descriptor, bytes, document, host } = await fetchManifest(client, text);
        const { mediaType, digest } = image.root;
        assertEquals(descriptor, { mediaType, digest, size: image.root.bytes.length });
        assertEquals(bytes, image.root.bytes);
        assert(document.kind === "manifest");
        assertEquals(document.config.digest, image.config.digest);
        assertEquals(host, server.host);
      });
    }
    await t.step("rejects other content than the digest of the reference", async () => {
      server.fault(image.root.digest, wrongByte(10));
      const error = await assertRejects(() => fetchManifest(client, byDigest), AppError);
      assertEquals(error.code, "digest_mismatch");
    });
  });
});

Deno.test("fetchBlob() streams the content of a blob", async () => {
  await withRegistry(async (server, client) => {
    const { reference, layer } = await pushed(server);
    const stream = await fetchBlob(client, reference, layer.descriptor);
    const bytes = concatBytes(await Array.fromAsync(stream));
    assertEquals(bytes, concatBytes([...layer.blob.read(0, layer.blob.size)].map((chunk) => chunk.slice())));
  });
});

Deno.test("fetchBlob() errors on other content, and withholds its last chunk", async (t) => {
  for (const where of ["first", "last"] as const) {
    await t.step(`the ${where} byte is wrong`, async () => {
      await withRegistry(async (server, client) => {
        const { reference, layer } = await pushed(server);
        const { size, digest } = layer.descriptor;
        server.fault(digest, wrongByte(where === "first" ? 0 : size - 1));
        let received = 0;
        const error = await assertRejects(async () => {
          for await (const chunk of await fetchBlob(client, reference, layer.descriptor)) {
            received += chunk.length;
          }
        }, AppError);
        assertEquals(error.code, "digest_mismatch");
        assert(received > 0 && received < size, `${received} of ${size} bytes were received`);
      });
    });
  }
});

Deno.test("fetchBlob() rejects a descriptor with another size", async (t) => {
  for (const extra of [-1, 1]) {
    await t.step(`${extra} byte`, async () => {
      await withRegistry(async (server, client) => {
        const { reference, layer } = await pushed(server);
        const descriptor = { ...layer.descriptor, size: layer.descriptor.size + extra };
        let received = 0;
        await assertRejects(async () => {
          for await (const chunk of await fetchBlob(client, reference, descriptor)) received += chunk.length;
        }, AppError);
        assert(received < layer.descriptor.size, `${received} bytes were received`);
      });
    });
  }
});

Deno.test("fetchBlob() rejects content that is shorter than the descriptor, even if its digest matches", async () => {
  const remote = new FakeRemote();
  const image = await buildImage();
  remote.push("1", image);
  const registry = {
    remote: () => remote,
    checkCredentials: () => Promise.resolve(),
    close() {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const descriptor = { ...image.config, size: image.config.size + 1 };
  const stream = await fetchBlob(registry, "a.b/c:1", descriptor);
  const error = await assertRejects(() => Array.fromAsync(stream), AppError);
  assertEquals(error.code, "size_mismatch");
});

Deno.test("fetchBlob() stops when its stream is cancelled or its signal aborts", async (t) => {
  await t.step("cancel", async () => {
    await withRegistry(async (server, client) => {
      const { reference, layer } = await pushed(server);
      const gate = new Gate();
      server.fault(layer.descriptor.digest, holdAfter(100_000, gate));
      const reader = (await fetchBlob(client, reference, layer.descriptor)).getReader();
      await reader.read();
      await reader.cancel();
      assertEquals((await reader.read()).done, true);
      gate.open();
    });
  });
  await t.step("abort", async () => {
    await withRegistry(async (server, client) => {
      const { reference, layer } = await pushed(server);
      const gate = new Gate();
      server.fault(layer.descriptor.digest, holdAfter(100_000, gate));
      const controller = new AbortController();
      const { signal } = controller;
      const reason = new Error("cancelled");
      const error = await assertRejects(async () => {
        for await (const _ of await fetchBlob(client, reference, layer.descriptor, { signal })) {
          controller.abort(reason);
        }
      });
      assertStrictEquals(error, reason);
      gate.open();
    });
  });
});

Deno.test("listReferrers() returns the attachments of a tag or digest", async () => {
  await withRegistry(async (server, client) => {
    const { image, reference, byDigest } = await pushed(server);
    assertEquals(await listReferrers(client, reference), []);
    const signature = await buildArtifact({
      artifactType: "application/vnd.example.signature",
      subject: image.root,
    });
    server.push("team/app", undefined, signature);
    for (const text of [reference, byDigest]) {
      const [referrer, ...others] = await listReferrers(client, text);
      assertEquals([referrer?.digest, referrer?.artifactType, others], [
        signature.root.digest,
        "application/vnd.example.signature",
        [],
      ]);
    }
    const resolutions = server.requests.lines.filter((line) => line.startsWith("HEAD"));
    assertEquals(resolutions.length, 2, "a digest isn't resolved");
  });
});
