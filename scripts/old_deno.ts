/**
 * The oldest Deno that the program must run on. npm does not carry it; the Python package index does.
 *
 * @module
 */
import { programInWheel } from "./wheel.ts";

/** The version that the compiled binary is built with. */
export const OLD_DENO_VERSION = "2.6.10";

const ROOT = new URL("../", import.meta.url).pathname;

/**
 * The path of the old Deno, in `.tools`. It is downloaded with pip the first time.
 *
 * @throws Error if pip can't get it
 */
export async function oldDeno(): Promise<string> {
  const folder = `${ROOT}.tools/deno-${OLD_DENO_VERSION}`;
  const deno = `${folder}/deno`;
  if (await isOld(deno)) return deno;
  await Deno.mkdir(folder, { recursive: true });
  const scratch = await Deno.makeTempDir({ dir: folder });
  try {
    const program = await programInWheel(`deno==${OLD_DENO_VERSION}`, "deno", scratch);
    await Deno.chmod(program, 0o755);
    // Whole or not at all: two runs may do this at once.
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
