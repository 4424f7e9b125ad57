/**
 * An image of one real layer, made of Debian packages.
 *
 * @module
 */
import { run, runOk } from "../../tests/real/child.ts";
import type { Distribution } from "../../tests/real/distribution.ts";
import { findTool, tool, TOOLS_DIR } from "../../tests/real/tools.ts";
import type { Layer } from "./tree_image.ts";

/** 14,000 files: large programs, many small sources. */
const PACKAGES = ["golang-1.19-go", "golang-1.19-src", "git", "perl-modules-5.36"];
const MAKERS = ["apt-get", "dpkg-deb", "umoci", "skopeo", "gzip", "zstd"];

/**
 * Makes layouts `gzip` and `zstd`, tagged `v1`, and their layer as `layer.tar`, `layer.tar.gz`, `layer.tar.zst`: once,
 * in `.tools/bench`.
 *
 * @returns the folder, or why there is none
 */
export async function makeLayouts(): Promise<{ readonly folder: string } | { readonly missing: string }> {
  const folder = `${TOOLS_DIR}/bench`;
  const recipe = JSON.stringify(PACKAGES);
  if (await Deno.readTextFile(`${folder}/recipe.json`).catch(() => "") === recipe) return { folder };
  const missing = MAKERS.filter((name) => findTool(name) === undefined);
  if (missing.length > 0) return { missing: `${missing.join(", ")} missing: deno task tools` };
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(`${folder}/debs`, { recursive: true });
  const got = await run("apt-get", ["download", ...PACKAGES], { cwd: `${folder}/debs` });
  // Another release of Debian has other packages; none may be reachable.
  if (got.code !== 0) return { missing: `apt-get has no ${PACKAGES.join(" ")}` };
  const script = `
    mkdir root; for deb in debs/*.deb; do dpkg-deb -x "$deb" root; done
    tar --sort=name --numeric-owner -C root -cf layer.tar .
    umoci init --layout gzip; umoci new --image gzip:v1
    umoci raw add-layer --image gzip:v1 layer.tar
    skopeo --insecure-policy copy --dest-compress-format zstd oci:gzip:v1 oci:zstd:v1
    gzip -k layer.tar; zstd -q -k layer.tar; rm -rf root debs`;
  await runOk("bash", ["-euc", script], { cwd: folder });
  await Deno.writeTextFile(`${folder}/recipe.json`, recipe);
  return { folder };
}

/** Pushes a layout's image, and gives its path and tag below the host, with its layers. */
export async function pushLayout(
  layout: string,
  registry: Distribution,
  repository: string,
): Promise<{ readonly path: string; readonly layers: readonly Layer[] }> {
  await runOk(tool("skopeo"), [
    ...["--insecure-policy", "copy", "--preserve-digests", "--dest-tls-verify=false"],
    ...[`oci:${layout}:v1`, `docker://${registry.host}/${repository}:1`],
  ]);
  const answer = await fetch(`${registry.origin}/v2/${repository}/manifests/1`, {
    headers: { accept: "application/vnd.oci.image.manifest.v1+json" },
  });
  const { layers }: { layers: Layer[] } = await answer.json();
  return { path: `${repository}:1`, layers };
}
