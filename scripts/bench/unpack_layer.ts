/**
 * U: a real layer of about 500 MB, unpacked: from a store beside umoci and tar, and from a registry beside containerd
 * and `curl | tar`.
 *
 * @module
 */
import { runOk } from "../../tests/real/child.ts";
import type { Distribution } from "../../tests/real/distribution.ts";
import { findTool } from "../../tests/real/tools.ts";
import type { Contender, Task } from "./contender.ts";
import { curlTar } from "./curl_tar.ts";
import { type Dray, ours, pullArgs } from "./dray.ts";
import { makeLayouts, pushLayout } from "./layer_image.ts";
import { measure } from "./measure.ts";
import { type Course, race, warmBytesFor } from "./race.ts";
import type { Report } from "./report.ts";
import { isUnpacking } from "./tree.ts";
import type { Packing } from "./tree_image.ts";

/** Races with gzip and with zstd, or says why it can't. */
export async function raceAtLayer(
  dray: Dray,
  rivals: readonly Contender[],
  registry: Distribution,
  course: Omit<Course, "warmBytes">,
  report: Report,
): Promise<void> {
  if (Deno.uid() !== 0) return await report.add("U: skipped: unpacking needs the rights of root\n");
  const made = await makeLayouts();
  if ("missing" in made) return await report.add(`U: skipped: ${made.missing}\n`);
  const { size } = await Deno.stat(`${made.folder}/layer.tar`);
  const full: Course = { ...course, warmBytes: warmBytesFor(1.4 * size) };
  const store = `${course.folder}-store`;
  const [program = "", ...words] = dray.words;
  for (const packing of ["gzip", "zstd"] satisfies Packing[]) {
    const layout = `${made.folder}/${packing}`;
    const what = `U: a layer of Debian packages, ${Math.round(size / 1e6)} MB, in ${packing}`;
    const name = `localhost/${packing}`;
    await runOk(program, [...words, "--store", store, "import", "--name", name, layout]);
    const unpacking = [
      ...ours(dray, ({ folder }) => ["--store", store, "unpack", "-q", name, `${folder}/out`]),
      ...unpackers(made.folder, packing),
    ];
    await report.addRace({
      key: `U ${packing}`,
      title: `${what}, unpacked from a store`,
      isUnpacked: true,
      rows: await race(unpacking, { reference: name, caFile: undefined }, full),
    });
    const { path, layers } = await pushLayout(layout, registry, `bench/u-${packing}`);
    const pulling = [
      ...ours(dray, (task) => pullArgs(task, "--unpack")),
      curlTar(layers, packing),
      ...rivals.filter(({ name }) => isUnpacking(name)),
    ];
    await report.addRace({
      key: `U ${packing} pulled`,
      title: `${what}, pulled and unpacked`,
      isUnpacked: true,
      rows: await race(pulling, { reference: `${registry.host}/${path}`, caFile: undefined }, full),
    });
  }
}

/** Those that unpack a file or a layout; tar checks no digest. umoci knows no zstd. */
function unpackers(folder: string, packing: Packing): readonly Contender[] {
  const umoci = unpacker(
    "umoci",
    (task) => ["unpack", "--image", `${folder}/gzip:v1`, `${task.folder}/out`],
  );
  return packing === "gzip"
    ? [unpacker("tar", (task) => ["-xzf", `${folder}/layer.tar.gz`, "-C", task.folder]), umoci]
    : [unpacker("tar", (task) => ["--zstd", "-xf", `${folder}/layer.tar.zst`, "-C", task.folder])];
}

function unpacker(name: string, args: (task: Task) => readonly string[]): Contender {
  const program = findTool(name);
  return {
    name,
    isOurs: false,
    missing: program === undefined ? `${name} is missing: deno task tools` : undefined,
    run: (task) => measure({ program: program ?? name, args: args(task) }),
  };
}
