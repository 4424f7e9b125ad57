/**
 * Compiles the program to a standalone executable in `dist/`.
 *
 * ```sh
 * deno task compile                                     # dist/dray, for this machine
 * deno task compile --target aarch64-unknown-linux-gnu  # dist/dray-linux-arm64
 * deno task compile --all-targets                       # all targets of a release
 * deno task compile --store /srv/images --hosts ghcr.io,pkg-containers.githubusercontent.com
 * deno task compile --store /srv/images --home /home/ann   # may read ann's credentials and certificates
 * deno task compile --helpers pass,mine                 # may run only these credential helpers
 * deno task compile --output /usr/local/bin/dray
 * ```
 *
 * `dist/SHA256SUMS` has the checksums of all files in `dist/`. With --output, the checksum is in FILE.sha256.
 *
 * Needs npm for the bundler, and the runtime that `deno compile` embeds. Deno downloads the runtime from dl.deno.land;
 * if that fails, it is taken from the Python package index with pip. To use another runtime, set DENORT_BIN to its path
 * and DENO_COMPILE to the path of the Deno of the same version.
 *
 * @module
 */
import { bundleForBinary, DIST } from "./bundle.ts";
import { compileFlags, type CompileOptions, parseOptions, TARGETS } from "./compile/options.ts";
import { writeChecksum, writeChecksums } from "./compile/checksums.ts";
import { oldDenort } from "./denort.ts";
import { oldDeno } from "./old_deno.ts";

/** A larger executable embeds something that the program doesn't need. */
const SIZE_MAX_BYTES = 100_000_000;

interface Compiler {
  /** The path of Deno. */
  readonly deno: string;
  /** The path of the runtime to embed. @default the runtime that `deno compile` downloads */
  readonly denort?: string;
}

async function compile(target: string | undefined, entry: string, options: CompileOptions): Promise<string> {
  const name = target === undefined ? `dray${Deno.build.os === "windows" ? ".exe" : ""}` : TARGETS[target];
  const output = options.output ?? `${DIST}/${name}`;
  const problems: string[] = [];
  for (const find of compilersFor(target ?? Deno.build.target)) {
    try {
      await runCompiler(await find(), target, entry, output, options);
      return output;
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new Error(`Cannot compile ${name}:\n${problems.join("\n")}`);
}

function compilersFor(target: string): readonly (() => Promise<Compiler>)[] {
  const [deno, denort] = [Deno.env.get("DENO_COMPILE"), Deno.env.get("DENORT_BIN")];
  if (denort) return [() => Promise.resolve({ deno: deno || Deno.execPath(), denort })];
  return [
    () => Promise.resolve({ deno: Deno.execPath() }),
    async () => ({ deno: await oldDeno(), denort: await oldDenort(target) }),
  ];
}

async function runCompiler(
  { deno, denort }: Compiler,
  target: string | undefined,
  entry: string,
  output: string,
  options: CompileOptions,
): Promise<void> {
  const { flags, words } = compileFlags(options);
  const { success, stderr } = await new Deno.Command(deno, {
    args: [
      "compile",
      "--quiet",
      // The bundle is complete: it needs no configuration, lock file or packages.
      ...["--no-config", "--no-lock", "--no-remote", "--no-npm", "--no-check"],
      // The code cache is a file in the temporary directory whose predictable name another user could create first.
      "--no-code-cache",
      ...(target === undefined ? [] : ["--target", target]),
      ...flags,
      ...["--output", output, entry, ...words],
    ],
    env: denort === undefined ? {} : { DENORT_BIN: denort },
  }).output();
  if (!success) throw new Error(`${deno} compile failed: ${new TextDecoder().decode(stderr).trim()}`);
  const { size } = await Deno.stat(output);
  if (size > SIZE_MAX_BYTES) throw new Error(`${output} has ${size} bytes, want at most ${SIZE_MAX_BYTES}`);
}

const options = parseOptions(Deno.args);
await Deno.mkdir(DIST, { recursive: true });
const entry = await bundleForBinary();
const targets = options.targets.length === 0 ? [undefined] : options.targets;
for (const target of targets) {
  const output = await compile(target, entry, options);
  console.log(`${output} ${(await Deno.stat(output)).size} bytes`);
}
if (options.output === undefined) await writeChecksums(DIST);
else await writeChecksum(options.output);
