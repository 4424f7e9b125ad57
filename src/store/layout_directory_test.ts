import { assert, assertEquals, assertRejects, assertStrictEquals } from "../../tests/assert.ts";
import { recordOf } from "../../tests/contract/records.ts";
import { addSample, sampleOf } from "../../tests/contract/samples.ts";
import { Child } from "../../tests/store/child_process.ts";
import { neverAborted } from "../base/abort.ts";
import { AppError } from "../base/errors.ts";
import { openLayoutDirectory } from "./layout_directory.ts";
import { openStore, type Store } from "./store.ts";

const PLAIN = ["blobs", "index.json", "oci-layout"];
const signal = neverAborted();

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "dray-layout-" });
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function namesIn(folder: string): string[] {
  return Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
}

async function add(store: Store, name: string, seed: number): Promise<void> {
  const sample = await sampleOf(5000, seed);
  await addSample(store, sample);
  await store.updateImages(
    (records) => [...records.values(), recordOf(name, { manifest: sample.descriptor })],
    signal,
  );
}

async function namesOf(folder: string): Promise<string[]> {
  return (await (await openStore(folder, { mode: "read" })).listImages()).map(({ name }) => name);
}

Deno.test("a layout that was filled has the files of a layout alone", async (t) => {
  const cases: Readonly<Record<string, (folder: string) => Promise<void>>> = {
    "new": (folder) => Deno.remove(folder),
    "empty": async () => {},
    "a layout of another tool": async (folder) => {
      await Deno.writeTextFile(`${folder}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}');
      await Deno.writeTextFile(`${folder}/index.json`, '{"schemaVersion":2,"manifests":[]}');
      await Deno.mkdir(`${folder}/blobs`);
    },
    "with what dead processes left": async (folder) => {
      await Deno.writeTextFile(`${folder}/.oci-layout-1`, "{");
      await Deno.mkdir(`${folder}/.dray-export/ingest/sha256-1`, { recursive: true });
    },
  };
  for (const [name, prepare] of Object.entries(cases)) {
    await t.step(name, () =>
      withFolder(async (folder) => {
        await prepare(folder);
        for (const round of [1, 2]) {
          await using layout = await openLayoutDirectory(folder, { signal });
          await add(layout.store, `a.b/c:${round}`, round);
          assert(namesIn(folder).includes(".dray-export"));
        }
        assertEquals(namesIn(folder), PLAIN);
        assertEquals(await namesOf(folder), ["a.b/c:1", "a.b/c:2"]);
      }));
  }
});

Deno.test("a process that is killed while it fills a layout hinders nobody", async () => {
  await withFolder(async (folder) => {
    {
      await using child = new Child("fill-layout", folder, "100000");
      assertEquals(await child.line(), "half");
    }
    assertEquals(namesIn(folder), [".dray-export", ...PLAIN]);
    {
      await using layout = await openLayoutDirectory(folder, { signal });
      await add(layout.store, "a.b/c:1", 1);
    }
    assertEquals(namesIn(folder), PLAIN);
  });
});

Deno.test("of two that fill one layout, one waits for the other, or gives up", async () => {
  await withFolder(async (folder) => {
    const first = await openLayoutDirectory(folder, { signal });
    const controller = new AbortController();
    const enough = new Error("enough");
    const leaving = openLayoutDirectory(folder, { signal: controller.signal });
    const second = openLayoutDirectory(folder, { signal });
    controller.abort(enough);
    assertStrictEquals(await assertRejects(() => leaving, Error), enough);
    await add(first.store, "a.b/c:1", 1);
    await first[Symbol.asyncDispose]();
    {
      await using layout = await second;
      await add(layout.store, "a.b/c:2", 2);
    }
    assertEquals([namesIn(folder), await namesOf(folder)], [PLAIN, ["a.b/c:1", "a.b/c:2"]]);
  });
});

Deno.test("a store stays a store, and a folder of other things as it is", async () => {
  await withFolder(async (folder) => {
    await openStore(folder);
    const before = namesIn(folder);
    {
      await using layout = await openLayoutDirectory(folder, { signal });
      await add(layout.store, "a.b/c:1", 1);
    }
    assertEquals(namesIn(folder), before);
  });
  await withFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/index.json.new`, "mine");
    const error = await assertRejects(() => openLayoutDirectory(folder, { signal }), AppError, "other files");
    assertEquals([error.code, namesIn(folder)], ["invalid_argument", ["index.json.new"]]);
  });
});

Deno.test("while a store is filled, no collector sweeps what comes", () =>
  withFolder(async (folder) => {
    const other = await openStore(folder);
    const order: string[] = [];
    let sweeping: Promise<void>;
    {
      await using filled = await openLayoutDirectory(folder, { signal });
      sweeping = other.holdForSweep(signal).then((held) => {
        order.push("swept");
        held[Symbol.dispose]();
      });
      await add(filled.store, "a.b/c:1", 1);
      order.push("filled");
    }
    await sweeping;
    assertEquals(order, ["filled", "swept"]);
  }));
