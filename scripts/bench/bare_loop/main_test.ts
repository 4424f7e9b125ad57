import { assertEquals, assertStringIncludes } from "../../../tests/assert.ts";
import { buildImage } from "../../../tests/images/mod.ts";
import { startRegistry, wrongByte } from "../../../tests/registry/mod.ts";

const program = new URL("main.ts", import.meta.url).pathname;
const layers = [{ size: 600_000, seed: 1 }, { size: 20_000, seed: 2 }, { size: 20_000, seed: 3 }];

async function run(...args: readonly string[]): Promise<{ readonly code: number; readonly errors: string }> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-config", program, ...args],
  }).output();
  return { code, errors: new TextDecoder().decode(stderr) };
}

for (const threads of ["1", "2"]) {
  Deno.test(`the bare loop downloads each blob, threads: ${threads}`, async () => {
    await using registry = await startRegistry();
    const image = await buildImage({ layers });
    const { reference } = registry.push("team/app", "v1", image);
    const directory = await Deno.makeTempDir({ prefix: "dray-bare-" });
    try {
      assertEquals(await run(threads, reference, directory), { code: 0, errors: "" });
      const names = [...Deno.readDirSync(`${directory}/blobs`)].map(({ name }) => name).sort();
      const want = [image.config, ...image.layers.map(({ descriptor }) => descriptor)];
      assertEquals(names, want.map(({ digest }) => digest.slice("sha256:".length)).sort());
      assertEquals([...Deno.readDirSync(`${directory}/ingest`)], []);
      assertStringIncludes((await run(threads, reference, directory)).errors, "already exists");
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });

  Deno.test(`the bare loop fails for a corrupt blob, threads: ${threads}`, async () => {
    await using registry = await startRegistry();
    const { reference } = registry.push("team/app", "v1", await buildImage({ layers }));
    registry.fault({ kind: "blob", times: 9 }, wrongByte(5));
    const directory = await Deno.makeTempDir({ prefix: "dray-bare-" });
    try {
      const { code, errors } = await run(threads, reference, directory);
      assertEquals(code, 1);
      assertStringIncludes(errors, "the content hashes to");
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
}
