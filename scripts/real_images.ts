/**
 * Makes images of real files: Debian packages, unpacked and packed as layers by the system's tar, and converted by
 * skopeo to both families and compressions. They are kept in `.tools/images`, as the storage of a registry.
 *
 * ```sh
 * deno run --allow-all scripts/real_images.ts
 * ```
 *
 * @module
 */
import { buildImage, type LayerSpec, writeLayout } from "../tests/images/mod.ts";
import { runOk } from "../tests/real/child.ts";
import { startDistribution } from "../tests/real/distribution.ts";
import { tool, TOOLS_DIR } from "../tests/real/tools.ts";

/** Packages by layer: files and links, thousands of small files, set-user-id programs. */
const LAYERS: readonly (readonly string[])[] = [
  ["base-files", "busybox-static", "netbase"],
  ["tzdata"],
  ["passwd", "libc-bin", "hello"],
];
/** Removed again by a layer on top. */
const REMOVED = ["usr/share/doc/.wh.hello", "usr/share/zoneinfo/.wh.Zulu"];

/** How skopeo writes each image; zstd first, since it takes a blob that is there already in whatever compression. */
const VARIANTS: Readonly<Record<string, readonly string[]>> = {
  "oci-zstd": ["--format", "oci", "--dest-compress-format", "zstd"],
  "oci-gzip": ["--format", "oci"],
  "docker": ["--format", "v2s2"],
};

/** Where the images are. */
export interface RealImages {
  /** The folder to give to `startDistribution`. */
  readonly storage: string;
  readonly repository: string;
  readonly tags: readonly string[];
}

/** Makes the images, or finds them made. */
export async function realImages(): Promise<RealImages> {
  const folder = `${TOOLS_DIR}/images`;
  const images = { storage: `${folder}/storage`, repository: "debian/some", tags: Object.keys(VARIANTS) };
  const recipe = JSON.stringify([LAYERS, REMOVED, VARIANTS]);
  const made = await Deno.readTextFile(`${folder}/recipe.json`).catch(() => "");
  if (made === recipe) return images;
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder, { recursive: true });
  const layers: LayerSpec[] = [];
  for (const [i, packages] of LAYERS.entries()) {
    layers.push({ archive: await packLayer(`${folder}/layer-${i}`, packages) });
  }
  layers.push({ entries: REMOVED.map((name) => ({ name })) });
  await writeLayout(`${folder}/layout`, "base", await buildImage({ layers }));
  await push(`oci:${folder}/layout:base`, images);
  await Deno.writeTextFile(`${folder}/recipe.json`, recipe);
  return images;
}

async function packLayer(folder: string, packages: readonly string[]): Promise<Uint8Array> {
  await Deno.mkdir(`${folder}/packages`, { recursive: true });
  const download = () => runOk("apt-get", ["download", ...packages], { cwd: `${folder}/packages` });
  // The lists of a fresh machine are empty.
  await download().catch(async () => {
    await runOk("apt-get", ["update"]);
    await download();
  });
  for await (const { name } of Deno.readDir(`${folder}/packages`)) {
    await runOk(tool("dpkg-deb"), ["-x", `${folder}/packages/${name}`, `${folder}/root`]);
  }
  await runOk("tar", ["--sort=name", "--xattrs", "-C", `${folder}/root`, "-cf", `${folder}/layer.tar`, "."]);
  return await Deno.readFile(`${folder}/layer.tar`);
}

async function push(source: string, { storage, repository, tags }: RealImages): Promise<void> {
  await using registry = await startDistribution({ storage });
  for (const tag of tags) {
    const target = `docker://${registry.host}/${repository}:${tag}`;
    const how = VARIANTS[tag] ?? [];
    await runOk(tool("skopeo"), [
      "--insecure-policy",
      "copy",
      "--dest-tls-verify=false",
      ...how,
      source,
      target,
    ]);
  }
}

if (import.meta.main) {
  const { storage, repository, tags } = await realImages();
  console.log(`${storage}: ${tags.map((tag) => `${repository}:${tag}`).join(", ")}`);
}
