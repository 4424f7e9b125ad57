/**
 * Unpacks an image made of Debian packages with umoci and crane, and with dray in all its ways, as root, and compares the
 * trees in type, mode, owner, size, time, link target, content, xattrs and hard-link groups. Not hermetic: it downloads
 * packages.
 *
 * ```sh
 * sudo deno run -A scripts/compare_unpack.ts [DIRECTORY]
 * ```
 *
 * Needs apt-get, dpkg-deb, GNU tar, setcap, python3, umoci and crane. Exits with 1 if there is a difference.
 *
 * @module
 */
import { type Sandbox, sandbox } from "../tests/e2e/program.ts";
import { runOk } from "../tests/real/child.ts";
import { tool } from "../tests/real/tools.ts";
import { makeTreeImage, type TreeImage } from "./compare/image.ts";
import { differencesOf, lookAt, type SeenTree } from "./compare/look.ts";

/** One way to a tree, and whom it is compared with. */
export interface Comparison {
  readonly name: string;
  readonly paths: number;
  /** A line for each path that differs. */
  readonly differences: readonly string[];
}

/** How archives are taken apart: with all that is in them. */
const EXTRACT =
  "tar --numeric-owner --xattrs --xattrs-include='*' --same-permissions --delay-directory-restore -xf";

/**
 * What `crane export` loses: it drops what a layer makes where the same layer has a whiteout, and names hard links to
 * what upper layers hide or replace, which tar can't make then.
 */
const CRANE_LOSES = /^b'(?:etc\/ssl(?:\/.*)?|home\/(?:dead-too|old-too))'/;

/** Compares. The folder must be there; it takes about 1 GB. */
export async function compareUnpack(work: string): Promise<readonly Comparison[]> {
  const image = await makeTreeImage(work);
  await using box = await sandbox();
  await box.ok(["import", image.layout]);
  await runOk(tool("umoci"), ["unpack", "--image", `${image.layout}:${image.plain}`, `${work}/umoci`]);
  const umoci = await lookAt(`${work}/umoci/rootfs`);
  const compare = async (name: string, theirs: SeenTree, look: () => Promise<SeenTree>) => {
    const ours = await look();
    return { name, paths: Object.keys(ours).length, differences: differencesOf(theirs, ours) };
  };
  const archive = await rootfsArchive(work, box, image);
  return [
    await compare("dray unpack and umoci unpack", umoci, () => flat(work, box, image)),
    await compare("overlay mount of dray's layers and umoci unpack", umoci, () => overlay(work, box, image)),
    await compare("dray export --format rootfs and umoci unpack", umoci, () => Promise.resolve(archive)),
    await compare(
      "dray export --format rootfs and crane export",
      await crane(work, box, image),
      () =>
        Promise.resolve(
          Object.fromEntries(Object.entries(archive).filter(([path]) => !CRANE_LOSES.test(path))),
        ),
    ),
  ];
}

async function flat(work: string, box: Sandbox, { full }: TreeImage): Promise<SeenTree> {
  await box.ok(["unpack", "--strict", full, `${work}/flat`]);
  return await lookAt(`${work}/flat`);
}

async function overlay(work: string, box: Sandbox, { full }: TreeImage): Promise<SeenTree> {
  const options = (await box.ok(["mount-options", "--unpack", full])).trim();
  await Deno.mkdir(`${work}/merged`);
  await runOk("mount", ["-t", "overlay", "overlay", "-o", `ro,${options}`, `${work}/merged`]);
  try {
    return await lookAt(`${work}/merged`);
  } finally {
    await runOk("umount", [`${work}/merged`]);
  }
}

async function rootfsArchive(work: string, box: Sandbox, { full }: TreeImage): Promise<SeenTree> {
  await box.ok(["export", full, "--format", "rootfs", "-o", `${work}/rootfs.tar`]);
  await Deno.mkdir(`${work}/archive`);
  await runOk("bash", ["-euc", `${EXTRACT} ../rootfs.tar`], { cwd: `${work}/archive` });
  return await lookAt(`${work}/archive`);
}

/** What it loses is left out, on the way that it loses it. */
async function crane(work: string, box: Sandbox, { plain }: TreeImage): Promise<SeenTree> {
  await box.ok(["export", plain, "--format", "docker-archive", "-o", `${work}/image.tar`]);
  await Deno.mkdir(`${work}/crane`);
  const script = `'${tool("crane")}' export - ../crane.tar < ../image.tar; ${EXTRACT} ../crane.tar || true`;
  await runOk("bash", ["-euc", script], { cwd: `${work}/crane` });
  const seen = await lookAt(`${work}/crane`);
  return Object.fromEntries(Object.entries(seen).filter(([path]) => !CRANE_LOSES.test(path)));
}

if (import.meta.main) {
  const work = Deno.args[0] ?? await Deno.makeTempDir({ prefix: "dray-compare-" });
  await Deno.mkdir(work, { recursive: true });
  let differences = 0;
  for (const { name, paths, differences: found } of await compareUnpack(work)) {
    for (const line of found) console.log(`${name}: ${line}`);
    console.log(`${name}: ${paths} paths, ${found.length} differences`);
    differences += found.length;
  }
  if (Deno.args[0] === undefined) await Deno.remove(work, { recursive: true });
  Deno.exit(differences === 0 ? 0 : 1);
}
