/**
 * Workload U: unpacks a real layer of about 500 MB. From a local store dray is compared with umoci and tar; from a
 * registry, with containerd and `curl | tar`.
 *
 * @module
 */
import { runOk } from "../../tests/real/child.ts";
import type { Distribution } from "../../tests/real/distribution.ts";
import { findTool } from "../../tests/real/tools.ts";
import type { Program, Task } from "./compare.ts";
import { curlTar } from "./curl_tar.ts";
import { type Dray, ours, pullArgs } from "./dray.ts";
import { makeLayouts, pushLayout } from "./layer_image.ts";
import { measure } from "./measure.ts";
import { comparePrograms, type ComparisonOptions, prefaultBytesFor } from "./compare.ts";
import type { Report } from "./report.ts";
import { isUnpacking } from "./tree.ts";
import type { Compression } from "./tree_image.ts";

/** Compares unpacking with gzip and with zstd, or adds to the report why it is skipped. */
export async function compareLayer(
  dray: Dray,
  others: readonly Program[],
  registry: Distribution,
  options: Omit<ComparisonOptions, "prefaultBytes">,
  report: Report,
): Promise<void> {
  if (Deno.uid() !== 0) return await report.add("U: skipped: unpacking needs root\n");
  const layouts = await makeLayouts();
  if ("missing" in layouts) return await report.add(`U: skipped: ${layouts.missing}\n`);
  const { size } = await Deno.stat(`${layouts.directory}/layer.tar`);
  const allOptions: ComparisonOptions = { ...options, prefaultBytes: prefaultBytesFor(1.4 * size) };
  const store = `${options.directory}-store`;
  const [program = "", ...args] = dray.command;
  for (const compression of ["gzip", "zstd"] satisfies Compression[]) {
    const layout = `${layouts.directory}/${compression}`;
    const title = `U: a layer of Debian packages, ${Math.round(size / 1e6)} MB, in ${compression}`;
    const name = `localhost/${compression}`;
    await runOk(program, [...args, "--store", store, "import", "--name", name, layout]);
    const unpacking = [
      ...ours(dray, ({ directory }) => ["--store", store, "unpack", "-q", name, `${directory}/out`]),
      ...unpackers(layouts.directory, compression),
    ];
    await report.addOutcome({
      key: `U ${compression}`,
      title: `${title}, unpacked from a local store`,
      isUnpacked: true,
      rows: await comparePrograms(unpacking, { reference: name, caFile: undefined }, allOptions),
    });
    const { path, layers } = await pushLayout(layout, registry, `bench/u-${compression}`);
    const pulling = [
      ...ours(dray, (task) => pullArgs(task, "--unpack")),
      curlTar(layers, compression),
      ...others.filter(({ name }) => isUnpacking(name)),
    ];
    await report.addOutcome({
      key: `U ${compression} pulled`,
      title: `${title}, pulled and unpacked`,
      isUnpacked: true,
      rows: await comparePrograms(
        pulling,
        { reference: `${registry.host}/${path}`, caFile: undefined },
        allOptions,
      ),
    });
  }
}

/** Programs that unpack an archive or a layout. tar verifies no digest; umoci doesn't support zstd. */
function unpackers(directory: string, compression: Compression): readonly Program[] {
  const umoci = unpacker(
    "umoci",
    (task) => ["unpack", "--image", `${directory}/gzip:v1`, `${task.directory}/out`],
  );
  return compression === "gzip"
    ? [unpacker("tar", (task) => ["-xzf", `${directory}/layer.tar.gz`, "-C", task.directory]), umoci]
    : [unpacker("tar", (task) => ["--zstd", "-xf", `${directory}/layer.tar.zst`, "-C", task.directory])];
}

function unpacker(name: string, args: (task: Task) => readonly string[]): Program {
  const program = findTool(name);
  return {
    name,
    isOurs: false,
    missing: program === undefined ? `${name} is not installed; run deno task tools` : undefined,
    run: (task) => measure({ program: program ?? name, args: args(task) }),
  };
}
