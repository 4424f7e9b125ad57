/**
 * Downloads programs from wheels of the Python package index.
 *
 * @module
 */

/**
 * Downloads a wheel with pip and unpacks it. Needs python3.
 *
 * @param requirement a package with its version: `deno==2.6.10`
 * @param program the file name of the program in the wheel
 * @param directory for the unpacked files; the caller removes it
 * @param platforms platform tags of acceptable wheels; by default those of this machine
 * @returns the path of the program, which isn't checked for existence
 * @throws Error if pip can't download the wheel
 */
export async function programInWheel(
  requirement: string,
  program: string,
  directory: string,
  platforms: readonly string[] = [],
): Promise<string> {
  const chosen = platforms.flatMap((platform) => ["--platform", platform]);
  await python(
    ...["pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"],
    ...[...chosen, "--dest", directory, requirement],
  );
  const wheel = [...Deno.readDirSync(directory)].find(({ name }) => name.endsWith(".whl"));
  if (wheel === undefined) {
    throw new Error(`Cannot get ${program}: pip downloaded no wheel for ${requirement}`);
  }
  await python("zipfile", "-e", `${directory}/${wheel.name}`, directory);
  await Deno.remove(`${directory}/${wheel.name}`);
  const [name = "", version = ""] = requirement.split("==");
  return `${directory}/${name.replaceAll("-", "_")}-${version}.data/scripts/${program}`;
}

async function python(module: string, ...args: string[]): Promise<void> {
  const { success } = await new Deno.Command("python3", { args: ["-m", module, ...args] }).spawn().status;
  if (!success) throw new Error(`"python3 -m ${module}" failed`);
}
