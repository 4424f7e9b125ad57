/**
 * Builds an image with one real layer from Debian packages.
 *
 * @module
 */
import { run, runOk } from "../../tests/real/child.ts";
import type { Distribution } from "../../tests/real/distribution.ts";
import { findTool, tool, TOOLS_DIR } from "../../tests/real/tools.ts";
import type { Layer } from "./tree_image.ts";

/** 14,000 files: large programs and many small sources. */
const PACKAGES = ["golang-1.19-go", "golang-1.19-src", "git", "perl-modules-5.36"];
const NEEDED_TOOLS = ["apt-get", "dpkg-deb", "umoci", "skopeo", "gzip", "zstd"];

/**
 * Creates OCI layouts `gzip` and `zstd` with the tag `v1`, and their layer as `layer.tar`, `layer.tar.gz` and
 * `layer.tar.zst`. They are kept in `.tools/bench` for later runs.
 *
 * @returns the directory, or what is missing on this machine
 */
export async function makeLayouts(): Promise<{ readonly directory: string } | { readonly missing: string }> {
  const directory = `${TOOLS_DIR}/bench`;
  const recipe = JSON.stringify(PACKAGES);
  if (await Deno.readTextFile(`${directory}/recipe.json`).catch(() => "") === recipe) return { directory };
  const missing = NEEDED_TOOLS.filter((name) => findTool(name) === undefined);
  if (missing.length > 0) return { missing: `${missing.join(", ")} not installed; run deno task tools` };
  await Deno.remove(directory, { recursive: true }).catch(() => {});
  await Deno.mkdir(`${directory}/debs`, { recursive: true });
  const { code } = await run("apt-get", ["download", ...PACKAGES], { cwd: `${directory}/debs` });
  // Other releases of Debian have other packages, and the mirror may be unreachable.
  if (code !== 0) return { missing: `apt-get can't download ${PACKAGES.join(" ")}` };
  const script = `
    mkdir root; for deb in debs/*.deb; do dpkg-deb -x "$deb" root; done
    tar --sort=name --numeric-owner -C root -cf layer.tar .
    umoci init --layout gzip; umoci new --image gzip:v1
    umoci raw add-layer --image gzip:v1 layer.tar
    skopeo --insecure-policy copy --dest-compress-format zstd oci:gzip:v1 oci:zstd:v1
    gzip -k layer.tar; zstd -q -k layer.tar; rm -rf root debs`;
  await runOk("bash", ["-euc", script], { cwd: directory });
  await Deno.writeTextFile(`${directory}/recipe.json`, recipe);
  return { directory };
}

/** Pushes the image of a layout. Returns its path and tag (`REPOSITORY:1`) and its layers. */
export async function pushLayout(
  layout: string,
  registry: Distribution,
  repository: string,
): Promise<{ readonly path: string; readonly layers: readonly Layer[] }> {
  await runOk(tool("skopeo"), [
    ...["--insecure-policy", "copy", "--preserve-digests", "--dest-tls-verify=false"],
    ...[`oci:${layout}:v1`, `docker://${registry.host}/${repository}:1`],
  ]);
  const response = await fetch(`${registry.origin}/v2/${repository}/manifests/1`, {
    headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
  });
  const { layers }: { layers: Layer[] } = await response.json();
  return { path: `${repository}:1`, layers };
}
