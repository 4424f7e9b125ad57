/**
 * Programs out of wheels of the Python package index, by pip.
 *
 * @module
 */

/**
 * Downloads a wheel and unpacks one program of it.
 *
 * @param requirement a package at one version: `deno==2.6.10`
 * @param platforms tags of the machines that it may be for; this one's by default
 * @returns the path of the program, below `folder`
 * @throws Error if pip can't get it, or it has no such program
 */
export async function programInWheel(
  requirement: string,
  program: string,
  folder: string,
  platforms: readonly string[] = [],
): Promise<string> {
  const chosen = platforms.flatMap((platform) => ["--platform", platform]);
  await python(
    ...["pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"],
    ...[...chosen, "--dest", folder, requirement],
  );
  const wheel = [...Deno.readDirSync(folder)].find(({ name }) => name.endsWith(".whl"));
  if (wheel === undefined) throw new Error(`pip brought no wheel for ${requirement}`);
  await python("zipfile", "-e", `${folder}/${wheel.name}`, folder);
  await Deno.remove(`${folder}/${wheel.name}`);
  const [name = "", version = ""] = requirement.split("==");
  return `${folder}/${name.replaceAll("-", "_")}-${version}.data/scripts/${program}`;
}

async function python(module: string, ...args: string[]): Promise<void> {
  const { success } = await new Deno.Command("python3", { args: ["-m", module, ...args] }).spawn().status;
  if (!success) throw new Error(`"python3 -m ${module}" failed`);
}
