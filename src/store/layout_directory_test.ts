import { assert, assertEquals, assertRejects, assertStrictEquals } from "../../tests/assert.ts";
import { recordOf } from "../../tests/contract/records.ts";
import { addSample, sampleOf } from "../../tests/contract/samples.ts";
import { Child } from "../../tests/store/child_process.ts";
import { neverAborted } from "../base/concurrency/abort.ts";
import { AppError } from "../base/errors.ts";
import { openLayoutDirectory } from "./layout_directory.ts";
import { openStore, type Store } from "./store.ts";

const PLAIN = ["blobs", "index.json", "oci-layout"];
const signal = neverAborted();

async function withDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "dray-layout-" });
  try {
    await run(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function namesIn(directory: string): string[] {
  return Array.from(Deno.readDirSync(directory), ({ name }) => name).sort();
}

async function add(store: Store, name: string, seed: number): Promise<void> {
  const sample = await sampleOf(5000, seed);
  await addSample(store, sample);
  await store.updateImages(
    (records) => [...records.values(), recordOf(name, { manifest: sample.descriptor })],
    signal,
  );
}

async function namesOf(directory: string): Promise<string[]> {
  return (await (await openStore(directory, { mode: "read" })).listImages()).map(({ name }) => name);
}

Deno.test("a filled layout contains only standard layout files", async (t) => {
  const cases: Readonly<Record<string, (directory: string) => Promise<void>>> = {
    "new": (directory) => Deno.remove(directory),
    "empty": async () => {},
    "a layout of another tool": async (directory) => {
      await Deno.writeTextFile(`${directory}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}');
      await Deno.writeTextFile(`${directory}/index.json`, '{"schemaVersion":2,"manifests":[]}');
      await Deno.mkdir(`${directory}/blobs`);
    },
    "with files of dead processes": async (directory) => {
      await Deno.writeTextFile(`${directory}/.oci-layout-1`, "{");
      await Deno.mkdir(`${directory}/.dray-export/ingest/sha256-1`, { recursive: true });
    },
  };
  for (const [name, prepare] of Object.entries(cases)) {
    await t.step(name, () =>
      withDirectory(async (directory) => {
        await prepare(directory);
        for (const round of [1, 2]) {
          await using layout = await openLayoutDirectory(directory, { signal });
          await add(layout.store, `a.b/c:${round}`, round);
          assert(namesIn(directory).includes(".dray-export"));
        }
        assertEquals(namesIn(directory), PLAIN);
        assertEquals(await namesOf(directory), ["a.b/c:1", "a.b/c:2"]);
      }));
  }
});

Deno.test("a layout whose writer was killed can be opened again", async () => {
  await withDirectory(async (directory) => {
    {
      await using child = new Child("fill-layout", directory, "100000");
      assertEquals(await child.line(), "half");
    }
    assertEquals(namesIn(directory), [".dray-export", ...PLAIN]);
    {
      await using layout = await openLayoutDirectory(directory, { signal });
      await add(layout.store, "a.b/c:1", 1);
    }
    assertEquals(namesIn(directory), PLAIN);
  });
});

Deno.test("a second writer of a layout waits for the first, or stops at its signal", async () => {
  await withDirectory(async (directory) => {
    const first = await openLayoutDirectory(directory, { signal });
    const controller = new AbortController();
    const reason = new Error("cancelled by the test");
    const cancelled = openLayoutDirectory(directory, { signal: controller.signal });
    const second = openLayoutDirectory(directory, { signal });
    controller.abort(reason);
    assertStrictEquals(await assertRejects(() => cancelled, Error), reason);
    await add(first.store, "a.b/c:1", 1);
    await first[Symbol.asyncDispose]();
    {
      await using layout = await second;
      await add(layout.store, "a.b/c:2", 2);
    }
    assertEquals([namesIn(directory), await namesOf(directory)], [PLAIN, ["a.b/c:1", "a.b/c:2"]]);
  });
});

Deno.test("a store stays a store, and a directory with other files stays unchanged", async () => {
  await withDirectory(async (directory) => {
    await openStore(directory);
    const before = namesIn(directory);
    {
      await using layout = await openLayoutDirectory(directory, { signal });
      await add(layout.store, "a.b/c:1", 1);
    }
    assertEquals(namesIn(directory), before);
  });
  await withDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/index.json.new`, "mine");
    const error = await assertRejects(
      () => openLayoutDirectory(directory, { signal }),
      AppError,
      "other files",
    );
    assertEquals([error.code, namesIn(directory)], ["invalid_argument", ["index.json.new"]]);
  });
});

Deno.test("while a store is filled, what it holds can't be swept", () =>
  withDirectory(async (directory) => {
    const other = await openStore(directory);
    const { descriptor } = await sampleOf(10, 1);
    {
      await using filled = await openLayoutDirectory(directory, { signal });
      await filled.hold?.add([descriptor.digest]);
      using sweep = await other.beginSweep(signal);
      assertEquals(sweep.isHeld(descriptor.digest), true);
    }
    using sweep = await other.beginSweep(signal);
    assertEquals(sweep.isHeld(descriptor.digest), false);
  }));
