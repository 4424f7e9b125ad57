import { assertEquals, assertStringIncludes } from "../../../tests/assert.ts";
import { buildImage } from "../../../tests/images/mod.ts";
import { startRegistry, wrongByte } from "../../../tests/registry/mod.ts";

const program = new URL("program.ts", import.meta.url).pathname;
const layers = [{ size: 600_000, seed: 1 }, { size: 20_000, seed: 2 }, { size: 20_000, seed: 3 }];

async function run(...args: readonly string[]): Promise<{ readonly code: number; readonly errors: string }> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-config", program, ...args],
  }).output();
  return { code, errors: new TextDecoder().decode(stderr) };
}

for (const threads of ["1", "2"]) {
  Deno.test(`the bare loop brings each blob, on threads: ${threads}`, async () => {
    await using registry = await startRegistry();
    const image = await buildImage({ layers });
    const { reference } = registry.push("team/app", "v1", image);
    const folder = await Deno.makeTempDir({ prefix: "dray-bare-" });
    try {
      assertEquals(await run(threads, reference, folder), { code: 0, errors: "" });
      const names = [...Deno.readDirSync(`${folder}/blobs`)].map(({ name }) => name).sort();
      const want = [image.config, ...image.layers.map(({ descriptor }) => descriptor)];
      assertEquals(names, want.map(({ digest }) => digest.slice("sha256:".length)).sort());
      assertEquals([...Deno.readDirSync(`${folder}/ingest`)], []);
      // It never does a part of the work: what is here already is refused.
      assertStringIncludes((await run(threads, reference, folder)).errors, "it is here");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });

  Deno.test(`the bare loop fails for a damaged blob, on threads: ${threads}`, async () => {
    await using registry = await startRegistry();
    const { reference } = registry.push("team/app", "v1", await buildImage({ layers }));
    registry.fault({ kind: "blob", times: 9 }, wrongByte(5));
    const folder = await Deno.makeTempDir({ prefix: "dray-bare-" });
    try {
      const { code, errors } = await run(threads, reference, folder);
      assertEquals(code, 1);
      assertStringIncludes(errors, "it hashes to");
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
