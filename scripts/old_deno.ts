/**
 * Gets the oldest Deno that the program supports. It comes from the Python package index, because npm doesn't have it.
 *
 * @module
 */
import { programInWheel } from "./wheel.ts";

/** The oldest supported version. Binaries are compiled with it where dl.deno.land can't be reached. */
export const OLD_DENO_VERSION = "2.6.10";

const ROOT = new URL("../", import.meta.url).pathname;

/**
 * Returns the path of the old Deno, in `.tools`. Downloads it with pip the first time.
 *
 * @throws Error if pip can't download it
 */
export async function oldDeno(): Promise<string> {
  const directory = `${ROOT}.tools/deno-${OLD_DENO_VERSION}`;
  const deno = `${directory}/deno`;
  if (await isOld(deno)) return deno;
  await Deno.mkdir(directory, { recursive: true });
  const scratch = await Deno.makeTempDir({ dir: directory });
  try {
    const program = await programInWheel(`deno==${OLD_DENO_VERSION}`, "deno", scratch);
    await Deno.chmod(program, 0o755);
    // Rename, so that another run that downloads it in parallel never sees an incomplete file.
    await Deno.rename(program, deno);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  if (!await isOld(deno)) throw new Error(`${deno} is not Deno ${OLD_DENO_VERSION}`);
  return deno;
}

async function isOld(deno: string): Promise<boolean> {
  try {
    const { stdout } = await new Deno.Command(deno, { args: ["--version"] }).output();
    return new TextDecoder().decode(stdout).startsWith(`deno ${OLD_DENO_VERSION} `);
  } catch {
    return false;
  }
}
