/**
 * Unpacks an image of Debian packages with umoci, with crane and with dray's `unpack`, overlay mount and `export`, and
 * compares type, mode, owner, size, time, link target, content, xattrs and hard-link groups of every path.
 *
 * ```sh
 * sudo deno run -A scripts/compare_unpack.ts [DIRECTORY]
 * ```
 *
 * Needs root, network access for apt-get, dpkg-deb, GNU tar, setcap, python3, umoci and crane, and 1 GB in DIRECTORY
 * (by default a temporary directory). Exits with 1 if there is a difference.
 *
 * @module
 */
import { type Sandbox, sandbox } from "../tests/e2e/program.ts";
import { runOk } from "../tests/real/child.ts";
import { tool } from "../tests/real/tools.ts";
import { makeTreeImage, type TreeImage } from "./compare/image.ts";
import { differencesOf, snapshotTree, type TreeSnapshot } from "./compare/tree_snapshot.ts";

/** The comparison of a tree that dray unpacked with one of another tool. */
export interface Comparison {
  readonly name: string;
  readonly paths: number;
  /** One text per path that differs. */
  readonly differences: readonly string[];
}

/** Extracts an archive with all attributes. */
const EXTRACT =
  "tar --numeric-owner --xattrs --xattrs-include='*' --same-permissions --delay-directory-restore -xf";

/**
 * Paths that `crane export` loses. It drops entries of a layer that has a whiteout of the same name, and writes hard
 * links to files that an upper layer hides or replaces, which tar can't extract.
 */
const LOST_BY_CRANE = /^b'(?:etc\/ssl(?:\/.*)?|home\/(?:dead-too|old-too))'/;

/** Runs all comparisons. @param work an existing directory; it takes about 1 GB */
export async function compareUnpack(work: string): Promise<readonly Comparison[]> {
  const image = await makeTreeImage(work);
  await using box = await sandbox();
  await box.ok(["import", image.layout]);
  await runOk(tool("umoci"), ["unpack", "--image", `${image.layout}:${image.plain}`, `${work}/umoci`]);
  const umoci = await snapshotTree(`${work}/umoci/rootfs`);
  const compare = (name: string, theirs: TreeSnapshot, ours: TreeSnapshot) => ({
    name,
    paths: Object.keys(ours).length,
    differences: differencesOf(theirs, ours),
  });
  const exported = await unpackExport(work, box, image);
  return [
    compare("dray unpack and umoci unpack", umoci, await unpack(work, box, image)),
    compare("overlay mount of dray's layers and umoci unpack", umoci, await mountOverlay(work, box, image)),
    compare("dray export --format rootfs and umoci unpack", umoci, exported),
    compare(
      "dray export --format rootfs and crane export",
      withoutLostPaths(await unpackCraneExport(work, box, image)),
      withoutLostPaths(exported),
    ),
  ];
}

async function unpack(work: string, box: Sandbox, { full }: TreeImage): Promise<TreeSnapshot> {
  await box.ok(["unpack", "--strict", full, `${work}/flat`]);
  return await snapshotTree(`${work}/flat`);
}

async function mountOverlay(work: string, box: Sandbox, { full }: TreeImage): Promise<TreeSnapshot> {
  const options = (await box.ok(["mount-options", "--unpack", full])).trim();
  await Deno.mkdir(`${work}/merged`);
  await runOk("mount", ["-t", "overlay", "overlay", "-o", `ro,${options}`, `${work}/merged`]);
  try {
    return await snapshotTree(`${work}/merged`);
  } finally {
    await runOk("umount", [`${work}/merged`]);
  }
}

async function unpackExport(work: string, box: Sandbox, { full }: TreeImage): Promise<TreeSnapshot> {
  await box.ok(["export", full, "--format", "rootfs", "-o", `${work}/rootfs.tar`]);
  await Deno.mkdir(`${work}/archive`);
  await runOk("bash", ["-euc", `${EXTRACT} ../rootfs.tar`], { cwd: `${work}/archive` });
  return await snapshotTree(`${work}/archive`);
}

/** tar fails for the hard links that crane loses, so its exit code is ignored. */
async function unpackCraneExport(work: string, box: Sandbox, { plain }: TreeImage): Promise<TreeSnapshot> {
  await box.ok(["export", plain, "--format", "docker-archive", "-o", `${work}/image.tar`]);
  await Deno.mkdir(`${work}/crane`);
  const script = `'${tool("crane")}' export - ../crane.tar < ../image.tar; ${EXTRACT} ../crane.tar || true`;
  await runOk("bash", ["-euc", script], { cwd: `${work}/crane` });
  return await snapshotTree(`${work}/crane`);
}

function withoutLostPaths(tree: TreeSnapshot): TreeSnapshot {
  return Object.fromEntries(Object.entries(tree).filter(([path]) => !LOST_BY_CRANE.test(path)));
}

if (import.meta.main) {
  const work = Deno.args[0] ?? await Deno.makeTempDir({ prefix: "dray-compare-" });
  await Deno.mkdir(work, { recursive: true });
  let differences = 0;
  for (const { name, paths, differences: found } of await compareUnpack(work)) {
    for (const difference of found) console.log(`${name}: ${difference}`);
    console.log(`${name}: ${paths} paths, ${found.length} differences`);
    differences += found.length;
  }
  if (Deno.args[0] === undefined) await Deno.remove(work, { recursive: true });
  Deno.exit(differences === 0 ? 0 : 1);
}
