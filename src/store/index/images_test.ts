import { neverAborted } from "../../base/concurrency/abort.ts";
import { isCode } from "../../base/errors.ts";
import { REF_NAME } from "../../oci/descriptor.ts";
import { parseDocument } from "../../oci/document.ts";
import { OCI_INDEX } from "../../oci/media_type.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../../tests/assert.ts";
import { recordOf, variousRecords } from "../../../tests/contract/records.ts";
import { observeSteps } from "../../../tests/store/commit_steps.ts";
import { fillDiskOnce } from "../../../tests/store/full_disk.ts";
import { openStore, type Store } from "../store.ts";

async function withStore(run: (store: Store, indexPath: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "dray-images-" });
  try {
    await run(await openStore(root), `${root}/index.json`);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

const DIGEST = `sha256:${"d".repeat(64)}`;
const PLAIN = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: DIGEST, size: 7 };

/** Descriptors as other tools write them, and some that dray can't read. */
const UNMANAGED = [
  { ...PLAIN, annotations: { [REF_NAME]: "v1", "org.example.note": "kept" } },
  { ...PLAIN, platform: { os: "linux", architecture: "amd64" }, "x-unknown": { deep: [1, null] } },
  { ...PLAIN, annotations: null },
  { ...PLAIN, annotations: { [REF_NAME]: "docker.io/library/unmanaged:1" } },
  { ...PLAIN, digest: `blake3:${"e".repeat(64)}`, annotations: { [REF_NAME]: "future" } },
  { ...PLAIN, annotations: { [REF_NAME]: "odd", "dev.dray.image.id": 5 } },
];

function writeIndex(path: string, manifests: readonly unknown[], rest: object = {}): void {
  Deno.writeTextFileSync(path, JSON.stringify({ schemaVersion: 2, ...rest, manifests }));
}

function manifestsIn(path: string): readonly Record<string, unknown>[] {
  return JSON.parse(Deno.readTextFileSync(path)).manifests;
}

const add = (store: Store, ...names: readonly string[]) =>
  store.updateImages(
    (records) => [...records.values(), ...names.map((name) => recordOf(name))],
    neverAborted(),
  );

Deno.test("an artifact that an older version recorded with its config's digest has its own id", async () => {
  await withStore(async (store) => {
    const record = recordOf("docker.io/library/a:1", { kind: "artifact" });
    const [read] = await store.updateImages(() => [record], neverAborted());
    assertEquals(read?.imageId, record.manifest.digest);
  });
});

Deno.test("index.json is an OCI index that other tools can read", async () => {
  await withStore(async (store, indexPath) => {
    const records = variousRecords();
    await store.updateImages(() => records, neverAborted());
    const document = parseDocument(Deno.readFileSync(indexPath), OCI_INDEX, "index.json");
    assert(document.kind === "index");
    assertEquals(
      document.manifests.map(({ annotations }) => annotations?.[REF_NAME]),
      records.map((r) => r.name),
    );
    for (const [i, descriptor] of document.manifests.entries()) {
      const record = records[i];
      const complete = record?.scope === "all-platforms" ? record.target : record?.manifest;
      assertEquals(descriptor.digest, complete?.digest, "everything below the descriptor is stored");
      const isManifest = descriptor.digest === record?.manifest.digest;
      assertEquals(descriptor.platform, isManifest ? record?.platform : undefined);
    }
  });
});

Deno.test("descriptors of other tools stay unchanged by updates", async () => {
  await withStore(async (store, indexPath) => {
    writeIndex(indexPath, UNMANAGED, { annotations: { "org.example.top": "kept" } });
    assertEquals(await store.listImages(), []);
    assertEquals(
      (await store.listUnmanaged()).length,
      UNMANAGED.length - 1,
      "every descriptor with a valid digest is listed",
    );
    await add(store, "docker.io/library/a:1");
    await add(store, "docker.io/library/b:1");
    await store.updateImages(() => [recordOf("docker.io/library/a:1", { pinned: true })], neverAborted());
    await store.updateImages(() => [], neverAborted());
    assertEquals(manifestsIn(indexPath), UNMANAGED);
    assertEquals(JSON.parse(Deno.readTextFileSync(indexPath)).annotations, { "org.example.top": "kept" });
  });
});

Deno.test("a record replaces another tool's descriptor of exactly its name", async () => {
  await withStore(async (store, indexPath) => {
    writeIndex(indexPath, UNMANAGED);
    await add(store, "docker.io/library/unmanaged:1");
    const names = manifestsIn(indexPath).map(({ annotations }) =>
      (annotations as Record<string, string>)?.[REF_NAME]
    );
    assertEquals(names.filter((name) => name === "docker.io/library/unmanaged:1").length, 1);
    assertEquals((await store.listImages()).length, 1);
  });
});

Deno.test("annotations that other tools add to our descriptors stay when the record changes", async () => {
  await withStore(async (store, indexPath) => {
    await add(store, "docker.io/library/a:1");
    const [ours] = manifestsIn(indexPath);
    const annotated = {
      ...ours,
      annotations: { ...ours?.annotations as object, "org.example.note": "kept" },
    };
    writeIndex(indexPath, [annotated]);
    await add(store, "docker.io/library/b:1");
    assertEquals(manifestsIn(indexPath)[0], annotated);
    await store.updateImages(
      (records) => [...records.values()].map((record) => ({ ...record, pinned: true })),
      neverAborted(),
    );
    const annotations = manifestsIn(indexPath)[0]?.annotations as Record<string, string>;
    assertEquals([annotations["org.example.note"], annotations["dev.dray.image.pinned"]], ["kept", "true"]);
  });
});

Deno.test("a descriptor with missing or invalid annotations of ours is unmanaged and kept", async (t) => {
  const damage: Readonly<Record<string, string | undefined>> = {
    "dev.dray.image.id": "sha256:short",
    "dev.dray.image.size": "many",
    "dev.dray.image.pulled-at": "yesterday",
    "dev.dray.image.target.size": undefined,
  };
  for (const [key, value] of Object.entries(damage)) {
    await t.step(key, () =>
      withStore(async (store, indexPath) => {
        await add(store, "docker.io/library/a:1");
        const [ours] = manifestsIn(indexPath);
        const broken = { ...ours, annotations: { ...ours?.annotations as object, [key]: value } };
        writeIndex(indexPath, [broken]);
        assertEquals(await store.listImages(), []);
        assertEquals((await store.listUnmanaged()).length, 1);
        await add(store, "docker.io/library/b:1");
        assertEquals(manifestsIn(indexPath)[0], JSON.parse(JSON.stringify(broken)));
      }));
  }
});

Deno.test("a damaged index.json is reported with its path and never overwritten", async (t) => {
  for (const text of ["", "{", "[]", '{"manifests":5}', '{"manifests":[1]}', "\xff"]) {
    await t.step(JSON.stringify(text), () =>
      withStore(async (store, indexPath) => {
        Deno.writeTextFileSync(indexPath, text);
        for (
          const use of [() => store.listImages(), () => store.listUnmanaged(), () => add(store, "a.b/c:d")]
        ) {
          const error = await assertRejects(async () => void await use(), Error);
          assert(isCode(error, "store_corrupt"), error.message);
          assertStringIncludes(error.message, indexPath);
        }
        assertEquals(Deno.readTextFileSync(indexPath), text);
      }));
  }
  await t.step("null instead of a list is valid", () =>
    withStore(async (store, indexPath) => {
      Deno.writeTextFileSync(indexPath, '{"schemaVersion":2,"manifests":null}');
      assertEquals(await store.listImages(), []);
      await add(store, "docker.io/library/a:1");
      assertEquals(manifestsIn(indexPath).length, 1);
    }));
});

Deno.test("an update that changes nothing writes nothing", async () => {
  await withStore(async (store, indexPath) => {
    await add(store, "docker.io/library/a:1");
    const before = Deno.statSync(indexPath).ino;
    await store.updateImages((records) => records.values(), neverAborted());
    assertEquals(Deno.statSync(indexPath).ino, before);
  });
});

Deno.test("listing returns what another tool wrote in the meantime", async () => {
  await withStore(async (store, indexPath) => {
    await add(store, "docker.io/library/a:1", "docker.io/library/b:1");
    assertEquals((await store.listImages()).length, 2);
    writeIndex(indexPath, manifestsIn(indexPath).slice(1));
    assertEquals((await store.listImages()).map(({ name }) => name), ["docker.io/library/b:1"]);
  });
});

Deno.test("an update on a full disk changes nothing and leaves no temporary file", async () => {
  await withStore(async (store, indexPath) => {
    await add(store, "docker.io/library/a:1");
    const before = Deno.readTextFileSync(indexPath);
    using _full = fillDiskOnce(`${indexPath}.new`);
    const error = await assertRejects(() => add(store, "docker.io/library/b:1"), Error);
    assert(isCode(error, "no_space"), error.message);
    assertEquals(Deno.readTextFileSync(indexPath), before);
    await add(store, "docker.io/library/b:1");
    assertEquals((await store.listImages()).length, 2);
  });
});

Deno.test("on a full disk, images can be removed but not added", async () => {
  await withStore(async (store, indexPath) => {
    const names = ["docker.io/library/a:1", "docker.io/library/b:1", "docker.io/library/c:1"];
    await add(store, ...names);
    for (const remaining of [names.slice(1), names.slice(2), []]) {
      using _full = fillDiskOnce(`${indexPath}.new`);
      const error = await assertRejects(() => add(store, "docker.io/library/d:1"), Error);
      assert(isCode(error, "no_space"), error.message);
      using _fullAgain = fillDiskOnce(`${indexPath}.new`);
      const records = await store.updateImages(
        (records) => [...records.values()].filter(({ name }) => remaining.includes(name)),
        neverAborted(),
      );
      assertEquals(records.map(({ name }) => name), remaining);
      assertEquals(manifestsIn(indexPath).length, remaining.length);
    }
  });
});

Deno.test("a process that dies while it writes into the reserved space leaves the index and the space", async (t) => {
  for (const step of ["index-written", "index-synced"] as const) {
    await t.step(step, () =>
      withStore(async (store, indexPath) => {
        const names = ["docker.io/library/a:1", "docker.io/library/b:1"];
        await add(store, ...names);
        const before = Deno.readTextFileSync(indexPath);
        const remove = async () => {
          using _full = fillDiskOnce(`${indexPath}.new`);
          return await store.updateImages((records) => [...records.values()].slice(1), neverAborted());
        };
        {
          using _steps = observeSteps(store.root, (at) => {
            if (at === step) throw new Error("dead");
          });
          await assertRejects(remove, Error, "dead");
        }
        assertEquals(Deno.readTextFileSync(indexPath), before);
        assertEquals((await remove()).map(({ name }) => name), names.slice(1));
        assertEquals(manifestsIn(indexPath).length, 1);
      }));
  }
});
