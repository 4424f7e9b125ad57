/**
 * Unpacks an image made from Debian packages with `umoci unpack` and with our code (a flat tree, a stack of layers under
 * overlayfs, the flattened archive), as root, and compares the trees in type, mode, owner, size, time, link target, content, xattrs and hard-link groups. Not hermetic: it downloads packages.
 *
 *     sudo deno run -A scripts/compare_unpack.ts [DIRECTORY]
 *
 * Needs apt-get, dpkg-deb, GNU tar, setcap, python3 and umoci. Exits with 1 if there is a difference.
 *
 * @module
 */
import { neverAborted } from "../src/base/abort.ts";
import type { Digest } from "../src/oci/digest.ts";
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_LAYER_GZIP, OCI_MANIFEST } from "../src/oci/media_type.ts";
import { flattenLayers } from "../src/unpack/flatten.ts";
import { settleImplied } from "../src/unpack/implied.ts";
import { DEFAULT_LAYER_LIMITS } from "../src/unpack/layer.ts";
import { type OpenLayer, unpackOverlayLayer, unpackRootfs } from "../src/unpack/unpack.ts";

/** Hard links, setuid programs, names that are not ASCII, many links, many small files. */
const PACKAGES = ["perl-base", "passwd", "ca-certificates", "tzdata", "iputils-ping", "git", "ncurses-base"];

interface Blob {
  readonly digest: Digest;
  readonly size: number;
  readonly path: string;
}

interface Layer extends Blob {
  readonly mediaType: string;
  readonly diffId: Digest;
}

const decoder = new TextDecoder();

async function run(command: string, args: readonly string[], cwd?: string): Promise<string> {
  const options: Deno.CommandOptions = { args: [...args], stdout: "piped", stderr: "piped" };
  if (cwd !== undefined) options.cwd = cwd;
  const { success, stdout, stderr } = await new Deno.Command(command, options).output();
  if (!success) throw new Error(`${command} ${args.join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

const shell = (script: string, cwd: string) => run("bash", ["-euc", script], cwd);

async function digestOfFile(path: string): Promise<Digest> {
  return `sha256:${(await run("sha256sum", [path])).slice(0, 64)}` as Digest;
}

/** Moves a file into the layout's blobs. */
async function addBlob(layout: string, path: string): Promise<Blob> {
  const digest = await digestOfFile(path);
  const target = `${layout}/blobs/sha256/${digest.slice(7)}`;
  await Deno.rename(path, target);
  return { digest, size: (await Deno.stat(target)).size, path: target };
}

async function addDocument(layout: string, value: unknown): Promise<Blob> {
  const path = `${layout}/document`;
  await Deno.writeTextFile(path, JSON.stringify(value));
  return await addBlob(layout, path);
}

async function addLayer(
  layout: string,
  stage: string,
  tarArgs: string,
  compression: "gzip" | "none",
): Promise<Layer> {
  const path = `${layout}/layer.tar`;
  await shell(
    `tar --sort=name --numeric-owner --xattrs --xattrs-include='*' ${tarArgs} -cf '${path}' .`,
    stage,
  );
  const diffId = await digestOfFile(path);
  if (compression === "none") return { ...await addBlob(layout, path), mediaType: OCI_LAYER, diffId };
  await shell(`gzip -n '${path}'`, layout);
  return { ...await addBlob(layout, `${path}.gz`), mediaType: OCI_LAYER_GZIP, diffId };
}

/** The first layer: the packages, and what packages have only after their scripts ran. */
const BASE = `
for deb in ../debs/*.deb; do dpkg-deb -x "$deb" .; done
setcap cap_net_raw+ep "$(find . -name ping -type f | head -1)"
chmod 4755 usr/bin/passwd
mkdir -p dev tmp home var/log run
chmod 1777 tmp
mknod dev/null c 1 3; mknod dev/loop7 b 7 7; mknod dev/large c 500 300000; mkfifo run/pipe
truncate -s 20M var/log/lastlog; printf x | dd of=var/log/lastlog bs=1 seek=10000000 conv=notrunc status=none
python3 -c 'import os; os.setxattr("etc", "user.note", b"a=b\\xff\\n\\0c"); os.setxattr("run/pipe", "trusted.t", b"1")'
long=home; for i in $(seq 12); do long="$long/a-directory-with-quite-a-long-name-$i"; done; mkdir -p "$long"; echo deep > "$long/file"
echo x > "home/naïve Főtanúsítvány $(printf '\\360\\237\\220\\263')"; echo x > "$(printf 'home/latin-\\351')"
ln -s "$(printf 'x%.0s' $(seq 300))" home/long-target; ln -s /etc/absolute home/absolute
echo owned > home/owned; chown 4000000000:3000000000 home/owned
echo old > home/old; touch -d '1950-01-02 03:04:05.25' home/old; touch -d '2030-01-01 00:00:00.123456789' home/precise
ln home/old home/old-too; ln -s gone home/dead; ln home/dead home/dead-too
chmod 0 home/dead home/owned 2>/dev/null || true; chown -h 12:13 home/absolute; touch -h -d '2001-02-03' home/absolute
chmod 500 var/log; touch -d '2002-03-04 05:06:07' var/log tmp dev home
`;

/** The second: whiteouts of a file, a directory, a hard link's first name; opaque; changes of kind. */
const CHANGES = `
mkdir -p usr/share/doc etc/ssl home var/log usr/bin
touch usr/share/.wh.zoneinfo usr/share/doc/.wh..wh..opq home/.wh.old etc/.wh.ssl home/.wh.never-there
mkdir etc/ssl/certs; echo new > etc/ssl/certs/own.pem; mkdir usr/share/doc/own; echo doc > usr/share/doc/own/readme
rm -rf home/dead; mkdir home/dead; echo now-a-directory > home/dead/file
echo now-a-file > usr/bin/git; ln -s git usr/bin/git-link; ln usr/bin/git usr/bin/git-hard
chmod 2750 usr/share/doc/own; touch -d '2003-03-03' usr/share/doc/own home
`;

/**
 * The third, in GNU's own format: long names and sparse files of that kind. umoci 0.4 does not know those, so it gets
 * the same files written out.
 */
const GNU = `
long=opt; for i in $(seq 12); do long="$long/another-directory-with-a-long-name-$i"; done; mkdir -p "$long"; echo deep > "$long/file"
for i in $(seq 0 60); do printf "$i" | dd of=opt/sparse bs=1 seek=$((i * 100000)) conv=notrunc status=none; done; truncate -s 9M opt/sparse
ln -s "$(printf 'y%.0s' $(seq 200))" opt/long-target; ln opt/sparse opt/sparse-too
`;

/** Makes the image for umoci, and gives the layers that we unpack. */
async function makeImage(work: string, layout: string): Promise<readonly Layer[]> {
  await Deno.mkdir(`${work}/debs`);
  await run("apt-get", ["download", ...PACKAGES], `${work}/debs`);
  await Deno.mkdir(`${layout}/blobs/sha256`, { recursive: true });
  const layers: Layer[] = [];
  const recipes = [
    [BASE, "--format=posix --sparse", "gzip"],
    [CHANGES, "--format=posix", "none"],
    [GNU, "--format=gnu --no-xattrs", "gzip"],
  ] as const;
  for (const [i, [script, tarArgs, compression]] of recipes.entries()) {
    const stage = `${work}/stage${i}`;
    await Deno.mkdir(stage);
    await shell(script, stage);
    layers.push(await addLayer(layout, stage, tarArgs, compression));
  }
  const config = await addDocument(layout, {
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: layers.map((layer) => layer.diffId) },
  });
  const manifest = await addDocument(layout, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: { mediaType: OCI_CONFIG, digest: config.digest, size: config.size },
    layers: layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  });
  const sparse = await addLayer(layout, `${work}/stage2`, "--format=gnu --no-xattrs --sparse", "gzip");
  const annotations = { "org.opencontainers.image.ref.name": "image" };
  const top = { mediaType: OCI_MANIFEST, digest: manifest.digest, size: manifest.size, annotations };
  await Deno.writeTextFile(`${layout}/oci-layout`, '{"imageLayoutVersion":"1.0.0"}');
  await Deno.writeTextFile(
    `${layout}/index.json`,
    JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [top] }),
  );
  return [...layers.slice(0, 2), sparse];
}

/** Looks at a tree with another language's eyes, so that a bug of ours can't hide itself. */
const LOOK = `
import hashlib, json, os, stat, sys
seen, groups = {}, {}
for top, dirs, files in os.walk(os.fsencode(sys.argv[1])):
    for name in [b"."] * (top == os.fsencode(sys.argv[1])) + dirs + files:
        path = os.path.join(top, name); key = repr(os.path.relpath(path, os.fsencode(sys.argv[1]))); s = os.lstat(path)
        e = dict(kind=stat.S_IFMT(s.st_mode), mode=oct(stat.S_IMODE(s.st_mode)), owner=[s.st_uid, s.st_gid], mtime=s.st_mtime_ns)
        if stat.S_ISLNK(s.st_mode): e["target"] = repr(os.readlink(path))
        if stat.S_ISREG(s.st_mode): e.update(size=s.st_size, content=hashlib.sha256(open(path, "rb").read()).hexdigest())
        if stat.S_ISCHR(s.st_mode) or stat.S_ISBLK(s.st_mode): e["device"] = [os.major(s.st_rdev), os.minor(s.st_rdev)]
        e["xattrs"] = {n: os.getxattr(path, n, follow_symlinks=False).hex() for n in sorted(os.listxattr(path, follow_symlinks=False))}
        seen[key] = e
        if not stat.S_ISDIR(s.st_mode): groups.setdefault(s.st_ino, []).append(key)
for g in groups.values():
    for key in g: seen[key]["group"] = sorted(g)
json.dump(seen, sys.stdout)
`;

async function look(root: string): Promise<Record<string, unknown>> {
  return JSON.parse(await run("python3", ["-c", LOOK, root]));
}

function openLayers(layers: readonly Layer[]): readonly OpenLayer[] {
  return layers.map(({ path, mediaType, diffId }) => async () => {
    const file = await Deno.open(path);
    return { reader: file, mediaType, diffId, [Symbol.dispose]: () => file.close() };
  });
}

/** A flat tree, as `dray unpack` makes it. */
async function flat(work: string, layers: readonly Layer[]): Promise<Record<string, unknown>> {
  await Deno.mkdir(`${work}/flat`);
  const { leftOut } = await unpackRootfs(`${work}/flat`, openLayers(layers), {}, neverAborted());
  if (leftOut.length > 0) console.log(`flat: left out ${JSON.stringify(leftOut)}`);
  return await look(`${work}/flat`);
}

/** Layers for overlayfs, mounted over each other. */
async function overlay(work: string, layers: readonly Layer[]): Promise<Record<string, unknown>> {
  const lowers: string[] = [];
  for (const [i, open] of openLayers(layers).entries()) {
    const directory = `${work}/layer${i}`;
    let aliases: ReadonlyMap<string, string> = new Map();
    do {
      await Deno.remove(directory, { recursive: true }).catch(() => {});
      await Deno.mkdir(directory);
      using source = await open(neverAborted());
      const options = { xattrs: "trusted", aliases } as const;
      const { implied } = await unpackOverlayLayer(directory, source, options, neverAborted());
      aliases = await settleImplied(directory, implied, lowers);
    } while (aliases.size > 0);
    lowers.unshift(directory);
  }
  await Deno.mkdir(`${work}/merged`);
  await run("mount", ["-t", "overlay", "overlay", "-o", `ro,lowerdir=${lowers.join(":")}`, `${work}/merged`]);
  try {
    return await look(`${work}/merged`);
  } finally {
    await run("umount", [`${work}/merged`]);
  }
}

/** The flattened archive, taken apart by GNU tar. */
async function archive(work: string, layers: readonly Layer[]): Promise<Record<string, unknown>> {
  const file = await Deno.open(`${work}/rootfs.tar`, { create: true, write: true, truncate: true });
  const write = (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
    return Promise.resolve();
  };
  await flattenLayers(openLayers(layers), { write }, DEFAULT_LAYER_LIMITS, neverAborted());
  file.close();
  await Deno.mkdir(`${work}/extracted`);
  const options =
    "--numeric-owner --xattrs --xattrs-include='*' --same-permissions --delay-directory-restore";
  await shell(`tar ${options} -xf ../rootfs.tar`, `${work}/extracted`);
  return await look(`${work}/extracted`);
}

function compare(what: string, theirs: Record<string, unknown>, ours: Record<string, unknown>): number {
  let differences = 0;
  for (const path of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
    const [a, b] = [JSON.stringify(theirs[path]), JSON.stringify(ours[path])];
    if (a === b) continue;
    differences++;
    console.log(`${what}: ${path}\n  umoci ${a}\n  ours  ${b}`);
  }
  console.log(`${what}: ${Object.keys(ours).length} paths, ${differences} differences`);
  return differences;
}

const work = Deno.args[0] ?? await Deno.makeTempDir({ prefix: "dray-compare-" });
await Deno.mkdir(work, { recursive: true });
const layout = `${work}/layout`;
const layers = await makeImage(work, layout);
await run("umoci", ["unpack", "--image", `${layout}:image`, `${work}/umoci`]);
const theirs = await look(`${work}/umoci/rootfs`);
const differences = compare("flat tree", theirs, await flat(work, layers)) +
  compare("overlay mount", theirs, await overlay(work, layers)) +
  compare("flattened archive", theirs, await archive(work, layers));
if (Deno.args[0] === undefined) await Deno.remove(work, { recursive: true });
Deno.exit(differences === 0 ? 0 : 1);
