/**
 * Builds images of Debian packages: layers packed by the system's tar, converted by skopeo to OCI with zstd, OCI with
 * gzip, and Docker. They are kept in `.tools/images`, as the storage of a registry.
 *
 * ```sh
 * deno run --allow-all scripts/real_images.ts
 * ```
 *
 * Needs network access for apt-get, dpkg-deb, GNU tar, skopeo and the registry of `deno task tools`.
 *
 * @module
 */
import { buildImage, type LayerSpec, writeLayout } from "../tests/images/mod.ts";
import { runOk } from "../tests/real/child.ts";
import { startDistribution } from "../tests/real/distribution.ts";
import { tool, TOOLS_DIR } from "../tests/real/tools.ts";

/** The packages of each layer: files and links, thousands of small files, setuid programs. */
const LAYERS: readonly (readonly string[])[] = [
  ["base-files", "busybox-static", "netbase"],
  ["tzdata"],
  ["passwd", "libc-bin", "hello"],
];
/** Whiteouts of the top layer. */
const WHITEOUTS = ["usr/share/doc/.wh.hello", "usr/share/zoneinfo/.wh.Zulu"];

/** skopeo's options per tag. zstd is first, because skopeo reuses an existing blob of the registry in any compression. */
const VARIANTS: Readonly<Record<string, readonly string[]>> = {
  "oci-zstd": ["--format", "oci", "--dest-compress-format", "zstd"],
  "oci-gzip": ["--format", "oci"],
  "docker": ["--format", "v2s2"],
};

/** The images in the storage of a registry. */
export interface RealImages {
  /** The directory for `startDistribution`. */
  readonly storage: string;
  readonly repository: string;
  readonly tags: readonly string[];
}

/** Builds the images, or returns those of an earlier run. */
export async function realImages(): Promise<RealImages> {
  const directory = `${TOOLS_DIR}/images`;
  const images = { storage: `${directory}/storage`, repository: "debian/some", tags: Object.keys(VARIANTS) };
  const recipe = JSON.stringify([LAYERS, WHITEOUTS, VARIANTS]);
  if (await Deno.readTextFile(`${directory}/recipe.json`).catch(() => "") === recipe) return images;
  await Deno.remove(directory, { recursive: true }).catch(() => {});
  await Deno.mkdir(directory, { recursive: true });
  const layers: LayerSpec[] = [];
  for (const [i, packages] of LAYERS.entries()) {
    layers.push({ archive: await packLayer(`${directory}/layer-${i}`, packages) });
  }
  layers.push({ entries: WHITEOUTS.map((name) => ({ name })) });
  await writeLayout(`${directory}/layout`, "base", await buildImage({ layers }));
  await push(`oci:${directory}/layout:base`, images);
  await Deno.writeTextFile(`${directory}/recipe.json`, recipe);
  return images;
}

async function packLayer(directory: string, packages: readonly string[]): Promise<Uint8Array> {
  await Deno.mkdir(`${directory}/packages`, { recursive: true });
  const download = () => runOk("apt-get", ["download", ...packages], { cwd: `${directory}/packages` });
  // On a new machine the package lists are empty.
  await download().catch(async () => {
    await runOk("apt-get", ["update"]);
    await download();
  });
  for await (const { name } of Deno.readDir(`${directory}/packages`)) {
    await runOk(tool("dpkg-deb"), ["-x", `${directory}/packages/${name}`, `${directory}/root`]);
  }
  await runOk("tar", [
    "--sort=name",
    "--xattrs",
    "-C",
    `${directory}/root`,
    "-cf",
    `${directory}/layer.tar`,
    ".",
  ]);
  return await Deno.readFile(`${directory}/layer.tar`);
}

async function push(source: string, { storage, repository, tags }: RealImages): Promise<void> {
  await using registry = await startDistribution({ storage });
  for (const tag of tags) {
    const target = `docker://${registry.host}/${repository}:${tag}`;
    const options = VARIANTS[tag] ?? [];
    await runOk(tool("skopeo"), [
      "--insecure-policy",
      "copy",
      "--dest-tls-verify=false",
      ...options,
      source,
      target,
    ]);
  }
}

if (import.meta.main) {
  const { storage, repository, tags } = await realImages();
  console.log(`${storage}: ${tags.map((tag) => `${repository}:${tag}`).join(", ")}`);
}
