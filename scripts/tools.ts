/**
 * Installs the registries and tools that the slower tests and the benchmark use: Go programs, pinned by version, into
 * `.tools/bin`, and the others as Debian packages. Programs that are already installed are left unchanged.
 *
 * ```sh
 * deno task tools           # all of them
 * deno task tools crane     # some of them
 * deno task tools --list    # only lists them
 * ```
 *
 * Needs Go and, for the Debian packages, apt-get and root. Exits with 1 if a program is missing afterwards.
 *
 * @module
 */
import { type GoTool, type SystemTool, type Tool, TOOLS } from "./tools/table.ts";

const root = new URL("../", import.meta.url).pathname;
const bin = `${root}.tools/bin`;

/** The state of a program after this run; `installed` means by this run. */
type State = "present" | "installed" | "missing";

async function run(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string | undefined> {
  try {
    const { success, stdout } = await new Deno.Command(command, { args: [...args], env, stderr: "inherit" })
      .output();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function isFile(path: string): Promise<boolean> {
  return await Deno.stat(path).then((info) => info.isFile, () => false);
}

/** Reports whether the program is installed in the version of the table. */
async function hasGoTool(tool: GoTool): Promise<boolean> {
  const path = `${bin}/${tool.name}`;
  if (!await isFile(path)) return false;
  const buildInfo = await run("go", ["version", "-m", path]);
  // Without Go the version can't be read, and no other version could be built.
  return buildInfo === undefined || buildInfo.includes(`\tmod\t${tool.module}\t${tool.version}\t`);
}

async function hasSystemTool(tool: SystemTool): Promise<boolean> {
  const directories = (Deno.env.get("PATH") ?? "").split(":");
  const found = await Promise.all(directories.map((directory) => isFile(`${directory}/${tool.name}`)));
  return found.includes(true);
}

async function installGoTools(tools: readonly GoTool[]): Promise<void> {
  await Deno.mkdir(bin, { recursive: true });
  for (const tool of tools) {
    console.error(`tools: go install ${tool.package}@${tool.version}`);
    await run("go", ["install", `${tool.package}@${tool.version}`], {
      GOBIN: bin,
      GOFLAGS: "-buildvcs=false",
    });
  }
}

async function installSystemTools(tools: readonly SystemTool[]): Promise<void> {
  const packages = [...new Set(tools.map((tool) => tool.package))];
  const install = ["install", "-y", "--no-install-recommends", ...packages];
  if (Deno.uid() !== 0) {
    console.error(`tools: cannot install packages without root; run: apt-get ${install.join(" ")}`);
    return;
  }
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  console.error(`tools: apt-get ${install.join(" ")}`);
  // Update the package lists only if they are missing or outdated.
  if (await run("apt-get", install, env) !== undefined) return;
  await run("apt-get", ["update"], env);
  await run("apt-get", install, env);
}

async function has(tool: Tool): Promise<boolean> {
  return tool.kind === "go" ? await hasGoTool(tool) : await hasSystemTool(tool);
}

async function missingOf(tools: readonly Tool[]): Promise<readonly Tool[]> {
  const isInstalled = await Promise.all(tools.map(has));
  return tools.filter((_, i) => !isInstalled[i]);
}

function print(tool: Tool, state: State): void {
  const version = tool.kind === "go" ? tool.version : `package ${tool.package}`;
  console.log(`${state.padEnd(10)}${tool.name.padEnd(12)}${version.padEnd(24)}${tool.use}`);
}

const names = Deno.args.filter((arg) => !arg.startsWith("-"));
const unknown = names.filter((name) => !TOOLS.some((tool) => tool.name === name));
if (unknown.length > 0) {
  console.error(
    `tools: unknown tool: ${unknown.join(", ")}; tools are ${TOOLS.map((tool) => tool.name).join(", ")}`,
  );
  Deno.exit(2);
}
const selected = TOOLS.filter((tool) => names.length === 0 || names.includes(tool.name));
const before = await missingOf(selected);
if (!Deno.args.includes("--list")) {
  const goTools = before.filter((tool) => tool.kind === "go");
  const systemTools = before.filter((tool) => tool.kind === "system");
  if (goTools.length > 0) await installGoTools(goTools);
  if (systemTools.length > 0) await installSystemTools(systemTools);
}
const after = await missingOf(before);
for (const tool of selected) {
  print(tool, after.includes(tool) ? "missing" : before.includes(tool) ? "installed" : "present");
}
if (after.length > 0) Deno.exit(1);
