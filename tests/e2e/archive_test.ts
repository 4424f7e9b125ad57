import { assert, assertEquals } from "../assert.ts";
import { buildImage, writeLayout } from "../images/mod.ts";
import { run } from "../real/child.ts";
import { type Sandbox, sandbox } from "./program.ts";

/** Returns a shell command in which `dray` is the program. */
async function shell(box: Sandbox, line: string, env: Readonly<Record<string, string>> = {}) {
  const dray = box.words.map((word) => `'${word}'`).join(" ");
  const script = `set -uo pipefail; dray() { ${dray} "$@"; }; ${line}`;
  return await run("bash", ["-c", script], { env: { ...box.environment, ...env }, clearEnv: true });
}

async function filled(box: Sandbox, size = 20_000): Promise<void> {
  await writeLayout(`${box.directory}/layout`, "x", await buildImage({ layers: [{ size }, { size }] }));
  await box.ok(["import", "-q", "--name", "localhost/x:1", `${box.directory}/layout`]);
}

Deno.test("an image is copied from one store to another through a pipe", async (t) => {
  await using box = await sandbox();
  await filled(box);
  for (const format of ["oci-archive", "docker-archive"]) {
    for (const between of ["cat", "gzip", "zstd"]) {
      if (between !== "cat" && (await run("bash", ["-c", `command -v ${between}`])).code !== 0) continue;
      await t.step(`${format} through ${between}`, async () => {
        const other = `${box.directory}/${format}-${between}`;
        const line = `dray export -q -f ${format} -o - localhost/x:1 | ${between} ${
          between === "cat" ? "" : "-c"
        } | dray --store ${other} import -q -`;
        const { code, stdout, stderr } = await shell(box, line);
        assertEquals([code, stdout, stderr], [0, "localhost/x:1\n", ""]);
        assertEquals(
          await box.ok(["--store", other, "digest", "localhost/x:1"]),
          await box.ok(["digest", "localhost/x:1"]),
        );
      });
    }
  }
});

Deno.test("an export ends silently when its reader closes the pipe", async () => {
  await using box = await sandbox();
  await filled(box, 2_000_000);
  const line = `dray export -o - localhost/x:1 | head -c 100 >/dev/null; echo "\${PIPESTATUS[0]}"`;
  const { stdout, stderr } = await shell(box, line);
  assertEquals([stdout, stderr], ["141\n", ""]);
});

Deno.test("an export that is interrupted leaves no archive", async () => {
  await using box = await sandbox();
  await filled(box, 2_000_000);
  // The pipe's reader reads nothing, so that the export is still running when the signal arrives.
  const line = `mkfifo '${box.directory}/pipe'; exec 3<>'${box.directory}/pipe'
    ${box.words.join(" ")} export -q -o - localhost/x:1 >&3 & pid=$!
    head -c 1000 <&3 >/dev/null; kill -INT $pid; wait $pid; echo $?`;
  const { stdout, stderr } = await run("bash", ["-c", line], { env: box.environment, clearEnv: true });
  assertEquals([stdout, stderr], ["130\n", "dray: Interrupted by SIGINT\n"]);
});

Deno.test("dray unpack creates the image's tree", async () => {
  await using box = await sandbox();
  await filled(box);
  const out = `${box.directory}/out`;
  assertEquals(await box.ok(["unpack", "localhost/x:1", out]), `${out}\n`);
  const files = [...Deno.readDirSync(`${out}/data`)].map(({ name }) => name);
  assertEquals(files.length, 2);
  assert((await Deno.stat(`${out}/data/${files[0]}`)).size === 20_000);
});
