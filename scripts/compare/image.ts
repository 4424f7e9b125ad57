/**
 * Builds an OCI layout from Debian packages with the system's tar. Its layers have every kind of entry that a layer can
 * have.
 *
 * @module
 */
import type { Descriptor } from "../../src/oci/descriptor.ts";
import type { Digest } from "../../src/oci/digest.ts";
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_LAYER_GZIP, OCI_MANIFEST } from "../../src/oci/media_type.ts";
import { runOk } from "../../tests/real/child.ts";
import { TOOLS_DIR } from "../../tests/real/tools.ts";
import { BASE, CHANGES, GNU, PACKAGES } from "./recipes.ts";

/** The layout and the names of its two images. */
export interface TreeImage {
  readonly layout: string;
  /** The image with everything that dray supports. */
  readonly full: string;
  /** The same files without GNU sparse entries, which umoci 0.4 and crane don't support. */
  readonly plain: string;
}

interface Layer extends Descriptor {
  readonly diffId: Digest;
}

const REF_NAME = "org.opencontainers.image.ref.name";
const XATTRS = "--xattrs --xattrs-include='*'";

const shell = (script: string, cwd: string) => runOk("bash", ["-euc", script], { cwd });

/** Builds the layout in `${work}/layout`. Needs root, apt-get, dpkg-deb, GNU tar, setcap and python3. */
export async function makeTreeImage(work: string): Promise<TreeImage> {
  const layout = `${work}/layout`;
  await Deno.mkdir(`${layout}/blobs/sha256`, { recursive: true });
  await Deno.symlink(await downloadPackages(), `${work}/debs`);
  const stage = async (name: string, script: string): Promise<string> => {
    await Deno.mkdir(`${work}/${name}`);
    await shell(script, `${work}/${name}`);
    return `${work}/${name}`;
  };
  const base = await addLayer(layout, await stage("base", BASE), `--format=posix --sparse ${XATTRS}`, "gzip");
  const changes = await addLayer(
    layout,
    await stage("changes", CHANGES),
    `--format=posix ${XATTRS}`,
    "none",
  );
  const gnu = await stage("gnu", GNU);
  const plain = await addLayer(layout, gnu, "--format=gnu", "gzip");
  const sparse = await addLayer(layout, gnu, "--format=gnu --sparse", "gzip");
  const names = { full: "localhost/trees:full", plain: "localhost/trees:plain" };
  const manifests = [
    await addImage(layout, names.full, [base, changes, sparse]),
    await addImage(layout, names.plain, [base, changes, plain]),
  ];
  await Deno.writeTextFile(`${layout}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}');
  await Deno.writeTextFile(
    `${layout}/index.json`,
    JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }),
  );
  return { layout, ...names };
}

/** Returns the directory of the packages. They are kept for later runs. */
async function downloadPackages(): Promise<string> {
  const directory = `${TOOLS_DIR}/debs`;
  const recipe = JSON.stringify(PACKAGES);
  if (await Deno.readTextFile(`${directory}/recipe.json`).catch(() => "") === recipe) return directory;
  await Deno.remove(directory, { recursive: true }).catch(() => {});
  await Deno.mkdir(directory, { recursive: true });
  const download = () => runOk("apt-get", ["download", ...PACKAGES], { cwd: directory });
  // On a new machine the package lists are empty.
  await download().catch(async () => {
    await runOk("apt-get", ["update"]);
    await download();
  });
  await Deno.writeTextFile(`${directory}/recipe.json`, recipe);
  return directory;
}

async function digestOfFile(path: string): Promise<Digest> {
  return `sha256:${(await runOk("sha256sum", [path])).slice(0, 64)}` as Digest;
}

/** Moves a file into the layout's blobs. */
async function addBlob(layout: string, path: string, mediaType: string): Promise<Descriptor> {
  const digest = await digestOfFile(path);
  const { size } = await Deno.stat(path);
  await runOk("mv", [path, `${layout}/blobs/sha256/${digest.slice(7)}`]);
  return { mediaType, digest, size };
}

async function addDocument(layout: string, mediaType: string, value: unknown): Promise<Descriptor> {
  const path = `${layout}/document`;
  await Deno.writeTextFile(path, JSON.stringify(value));
  return await addBlob(layout, path, mediaType);
}

async function addLayer(
  layout: string,
  stage: string,
  tarArgs: string,
  compression: "gzip" | "none",
): Promise<Layer> {
  const path = `${layout}/layer.tar`;
  await shell(`tar --sort=name --numeric-owner ${tarArgs} -cf '${path}' .`, stage);
  const diffId = await digestOfFile(path);
  if (compression === "none") return { ...await addBlob(layout, path, OCI_LAYER), diffId };
  await shell(`gzip -n '${path}'`, layout);
  return { ...await addBlob(layout, `${path}.gz`, OCI_LAYER_GZIP), diffId };
}

async function addImage(layout: string, name: string, layers: readonly Layer[]): Promise<unknown> {
  const config = await addDocument(layout, OCI_CONFIG, {
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const manifest = await addDocument(layout, OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config,
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  });
  return { ...manifest, annotations: { [REF_NAME]: name } };
}
