/**
 * Prepares dray for the benchmark, in one of the forms that it is distributed in.
 *
 * @module
 */
import { bundleModules } from "../bundle.ts";
import type { Program, Task } from "./compare.ts";
import { measure } from "./measure.ts";
import type { NoSync } from "./no_sync.ts";

/** How dray is started: from the modules of `deno task bundle`, from its sources, or as the binary. */
export type Form = "bundle" | "source" | "compiled";

/** A constant and the expression that replaces its value: `RANGE_WORKERS_MAX`, `4`. */
export interface Variant {
  readonly constant: string;
  readonly value: string;
}

/** A build of dray. */
export interface Dray {
  /** The command that starts it, without arguments of dray. */
  readonly command: readonly string[];
  readonly noSync: NoSync;
}

const root = new URL("../../", import.meta.url).pathname;

/** Builds the form and returns the command that starts it. */
export async function prepareDray(form: Form, directory: string): Promise<readonly string[]> {
  const deno = Deno.execPath();
  const run = [deno, "run", "--allow-all"];
  const command = form === "source"
    ? [...run, `${root}main.ts`]
    : form === "bundle"
    ? [...run, await bundleTo(`${directory}/modules`)]
    : [await compileTo(`${directory}/dray`)];
  await fillCodeCache(command);
  return command;
}

/** Runs a build once, which fills the runtime's code cache. */
async function fillCodeCache([program = "", ...args]: readonly string[]): Promise<void> {
  await measure({ program, args: [...args, "version"] });
}

/** Copies the modules, because the next bundle replaces them. */
async function bundleTo(directory: string): Promise<string> {
  return await copyModules(await bundleModules(), directory);
}

/**
 * Bundles another checkout of dray, to show what a change costs or gains.
 *
 * @param checkout path of the checkout's root directory
 */
export async function baselineOf(
  checkout: string,
  directory: string,
  args: (task: Task) => readonly string[],
): Promise<Program> {
  const bundle = new Deno.Command(Deno.execPath(), { args: ["task", "bundle"], cwd: checkout });
  const { code, stderr } = await bundle.output();
  if (code !== 0) throw new Error(`Cannot bundle "${checkout}": ${new TextDecoder().decode(stderr)}`);
  const main = await copyModules(`${checkout}/dist/modules/main.js`, directory);
  return { ...await programOf(main, args), name: "baseline", isOurs: false };
}

async function programOf(main: string, args: (task: Task) => readonly string[]): Promise<Program> {
  const command = [Deno.execPath(), "run", "--allow-all", main];
  await fillCodeCache(command);
  return ours({ command, noSync: { missing: "not measured" } }, args)[0];
}

/**
 * Copies the modules of this checkout and changes the value of one constant in them.
 *
 * @throws Error if the modules don't declare the constant exactly once
 */
export async function variantOf(
  { constant, value }: Variant,
  directory: string,
  args: (task: Task) => readonly string[],
): Promise<Program> {
  const main = await bundleTo(directory);
  let declarations = 0;
  for await (const { name } of Deno.readDir(directory)) {
    const text = await Deno.readTextFile(`${directory}/${name}`);
    const changed = text.replace(new RegExp(`^((?:var|const) ${constant} = )[^;]+;`, "gm"), (_, start) => {
      declarations++;
      return `${start}${value};`;
    });
    if (changed !== text) await Deno.writeTextFile(`${directory}/${name}`, changed);
  }
  if (declarations !== 1) throw new Error(`Cannot tune "${constant}": it is declared ${declarations} times`);
  return { ...await programOf(main, args), name: `${constant}=${value}` };
}

async function copyModules(main: string, directory: string): Promise<string> {
  const from = main.slice(0, main.lastIndexOf("/"));
  await Deno.mkdir(directory, { recursive: true });
  for await (const { name } of Deno.readDir(from)) {
    await Deno.copyFile(`${from}/${name}`, `${directory}/${name}`);
  }
  return `${directory}/${main.slice(from.length + 1)}`;
}

async function compileTo(output: string): Promise<string> {
  const args = ["run", "--allow-all", `${root}scripts/compile.ts`, "--output", output];
  const { code, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
  if (code !== 0) throw new Error(`Cannot compile dray: ${new TextDecoder().decode(stderr)}`);
  return output;
}

/**
 * Disables the runtime's update check, which happens half a second into a run: once a day, but in every run on a machine
 * without access to `dl.deno.land`. The binary never checks.
 */
export const NO_UPDATE_CHECK = { DENO_NO_UPDATE_CHECK: "1" };

/** Returns dray and dray without fsync. @param args returns the arguments for a task */
export function ours(
  { command, noSync }: Dray,
  args: (task: Task) => readonly string[],
): readonly [Program, Program] {
  const [executable = "", ...before] = command;
  const program = (name: string, missing: string | undefined, measured: typeof measure) => ({
    name,
    isOurs: true,
    missing,
    run: (task: Task) =>
      measured({
        program: executable,
        args: [...before, ...args(task)],
        env: { DRAY_STORE: `${task.directory}/store`, ...NO_UPDATE_CHECK },
      }),
  });
  return [
    program("dray", undefined, measure),
    "measure" in noSync
      ? program("dray, no fsync", undefined, noSync.measure)
      : program("dray, no fsync", noSync.missing, measure),
  ];
}

/**
 * Returns the arguments of a pull. `--plain-http` keeps dray from finding out whether a registry on loopback speaks TLS,
 * which costs round trips that no other registry has.
 */
export function pullArgs({ reference, caFile }: Task, ...more: readonly string[]): readonly string[] {
  return [
    "pull",
    "--quiet",
    ...more,
    ...caFile === undefined ? ["--plain-http"] : ["--ca-file", caFile],
    reference,
  ];
}
