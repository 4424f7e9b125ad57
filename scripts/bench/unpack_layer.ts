/**
 * Unpacks a real layer of about 500 MB, made of Debian packages, in gzip and in zstd: dray beside umoci, tar and
 * containerd, in turn, each into an empty folder. Prints a table for each piece of work.
 *
 * ```sh
 * sudo deno run -A scripts/bench/unpack_layer.ts                # after: deno task tools
 * sudo deno run -A scripts/bench/unpack_layer.ts --runs 5
 * DRAY_COMMAND=./dist/dray sudo -E deno run -A scripts/bench/unpack_layer.ts
 * ```
 *
 * @module
 */
import { commandWords } from "../../tests/e2e/program.ts";
import { runOk } from "../../tests/real/child.ts";
import { startDistribution } from "../../tests/real/distribution.ts";
import { tool, TOOLS_DIR } from "../../tests/real/tools.ts";
import { startContainerd } from "./containerd.ts";
import { checkTime, type Command, measure, type Sample, summarize } from "./measure.ts";
import { machine, type Row, table } from "./table.ts";

/** 14,000 files: large programs, many small sources. */
const PACKAGES = ["golang-1.19-go", "golang-1.19-src", "git", "perl-modules-5.36"];

/** A program at a piece of work. */
interface Contender {
  readonly name: string;
  /** Makes the command for an empty folder. */
  readonly command: (folder: string) => Command;
}

/** Makes the layouts once: `gzip` and `zstd` in `.tools/bench`. */
async function makeLayouts(): Promise<string> {
  const folder = `${TOOLS_DIR}/bench`;
  const recipe = JSON.stringify(PACKAGES);
  if (await Deno.readTextFile(`${folder}/recipe.json`).catch(() => "") === recipe) return folder;
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(`${folder}/debs`, { recursive: true });
  await runOk("apt-get", ["download", ...PACKAGES], { cwd: `${folder}/debs` });
  const script = `
    mkdir root; for deb in debs/*.deb; do dpkg-deb -x "$deb" root; done
    tar --sort=name --numeric-owner -C root -cf layer.tar .
    umoci init --layout gzip; umoci new --image gzip:v1
    umoci raw add-layer --image gzip:v1 layer.tar
    skopeo --insecure-policy copy --dest-compress-format zstd oci:gzip:v1 oci:zstd:v1
    gzip -k layer.tar; zstd -q -k layer.tar; rm -rf root debs`;
  await runOk("bash", ["-euc", script], { cwd: folder });
  await Deno.writeTextFile(`${folder}/recipe.json`, recipe);
  return folder;
}

async function race(title: string, contenders: readonly Contender[], runs: number): Promise<void> {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  const failed = new Map<string, string>();
  for (let run = 0; run < runs; run++) {
    for (const { name, command } of contenders) {
      const folder = await Deno.makeTempDir({ prefix: "dray-bench-" });
      try {
        // What the last one wrote must not be written during this one's time.
        await runOk("sync", []);
        samples.get(name)?.push(await measure(command(folder)));
      } catch (error) {
        failed.set(name, String(error).slice(0, 200).replaceAll(/\s+/g, " "));
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    }
  }
  const rows: Row[] = contenders.map(({ name }) => {
    const taken = samples.get(name) ?? [];
    return { name, result: taken.length > 0 ? summarize(taken) : failed.get(name) ?? "no run" };
  });
  console.log(table(title, rows));
}

function dray(...args: readonly string[]): Command {
  const [program, ...words] = commandWords();
  return { program, args: [...words, ...args] };
}

async function main(runs: number): Promise<void> {
  await checkTime();
  const layouts = await makeLayouts();
  const work = await Deno.makeTempDir({ prefix: "dray-bench-unpack-" });
  try {
    console.log(`${await machine()}; ${runs} runs\n`);
    const store = `${work}/store`;
    const names = ["gzip", "zstd"] as const;
    for (const name of names) {
      const { program, args } = dray(
        "--store",
        store,
        "import",
        "--name",
        `localhost/${name}`,
        `${layouts}/${name}`,
      );
      await runOk(program, args);
    }
    const unpack = (name: string): Contender => ({
      name: "dray unpack",
      command: (folder) => dray("--store", store, "unpack", "-q", `localhost/${name}`, `${folder}/out`),
    });
    const tar = (name: string, file: string, ...options: readonly string[]): Contender => ({
      name,
      command: (folder) => ({
        program: "tar",
        args: [...options, "-xf", `${layouts}/${file}`, "-C", folder],
      }),
    });
    await race("A gzip layer of 516 MB to a directory", [
      unpack("gzip"),
      tar("tar -xzf (no check)", "layer.tar.gz", "-z"),
      {
        name: "umoci unpack",
        command: (folder) => ({
          program: tool("umoci"),
          args: ["unpack", "--image", `${layouts}/gzip:v1`, `${folder}/out`],
        }),
      },
    ], runs);
    await race("The same layer in zstd", [
      unpack("zstd"),
      tar("tar --zstd (no check)", "layer.tar.zst", "--zstd"),
    ], runs);
    await pulls(work, layouts, names, runs);
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** From a registry on loopback to layers for overlayfs. */
async function pulls(work: string, layouts: string, names: readonly string[], runs: number): Promise<void> {
  await using registry = await startDistribution();
  for (const name of names) {
    const target = `docker://${registry.host}/bench:${name}`;
    await runOk(tool("skopeo"), [
      ...["--insecure-policy", "copy", "--preserve-digests", "--dest-tls-verify=false"],
      ...[`oci:${layouts}/${name}:v1`, target],
    ]);
  }
  for (const name of names) {
    const image = `${registry.host}/bench:${name}`;
    await using containerd = await startContainerd(`${work}/containerd-${name}`);
    const before = await containerd.cpu();
    let pulled = 0;
    await race(`Pull of the ${name} layer from loopback, unpacked for overlayfs`, [
      {
        name: "dray pull --unpack",
        command: (folder) => dray("--store", folder, "pull", "-q", "--unpack", image),
      },
      {
        name: "ctr image pull",
        command: () => {
          pulled++;
          const ctr = `ctr -a ${containerd.socket}`;
          // Nothing of the last run may be there; what takes it away is not counted among the runs' seconds, or hardly.
          const args = [
            "-c",
            `${ctr} image rm --sync ${image} >/dev/null 2>&1; exec ${ctr} image pull --plain-http ${image}`,
          ];
          return { program: "bash", args };
        },
      },
    ], runs);
    const cpu = (await containerd.cpu() - before) / Math.max(1, pulled);
    console.log(
      `The daemon of ctr took ${cpu.toFixed(2)} CPU s for each pull, and ${
        Math.round(await containerd.memory())
      } MiB at most.\n`,
    );
  }
}

if (import.meta.main) {
  const at = Deno.args.indexOf("--runs");
  await main(at < 0 ? 3 : Number(Deno.args[at + 1]));
}
