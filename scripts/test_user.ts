/**
 * Runs the hermetic tests as an ordinary user.
 *
 *     deno task test:user
 *
 * Started as root, it gives the user `nobody` copies of this directory, of the running Deno and of Deno's cache, and
 * runs the tests in them: `nobody` may have no access to the originals. Otherwise it only runs the tests.
 *
 * @module
 */

/** User and group id of `nobody` on Linux. */
const NOBODY = 65534;

/** Large directories that the hermetic tests don't use. */
const NOT_COPIED = [".git", ".tools", "dist", "node_modules"];

const ROOT = new URL("../", import.meta.url).pathname;
const TEST = ["task", "test"];

async function run(command: string, args: readonly string[], options: Deno.CommandOptions): Promise<number> {
  const { code } = await new Deno.Command(command, { args: [...args], ...options }).spawn().status;
  return code;
}

async function runOk(command: string, args: readonly string[]): Promise<void> {
  const code = await run(command, args, {});
  if (code !== 0) throw new Error(`"${command} ${args.join(" ")}" exited with ${code}`);
}

/** Deno's cache, with the packages that are already downloaded. */
async function cacheDirectory(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], cwd: ROOT })
    .output();
  return (JSON.parse(new TextDecoder().decode(stdout)) as { denoDir: string }).denoDir;
}

async function testAsNobody(): Promise<number> {
  const top = await Deno.makeTempDir({ prefix: "dray-nobody-" });
  try {
    for (const name of ["bin", "checkout", "home", "tmp"]) await Deno.mkdir(`${top}/${name}`);
    const deno = `${top}/bin/deno`;
    await Deno.copyFile(Deno.execPath(), deno);
    const copied = Deno.readDirSync(ROOT).filter(({ name }) => !NOT_COPIED.includes(name));
    await runOk("cp", ["-R", ...copied.map(({ name }) => `${ROOT}${name}`), `${top}/checkout`]);
    await runOk("cp", ["-R", await cacheDirectory(), `${top}/cache`]);
    await runOk("chown", ["-R", `${NOBODY}:${NOBODY}`, top]);
    return await run(deno, TEST, {
      cwd: `${top}/checkout`,
      uid: NOBODY,
      gid: NOBODY,
      env: {
        DENO_DIR: `${top}/cache`,
        HOME: `${top}/home`,
        PATH: `${top}/bin:${Deno.env.get("PATH")}`,
        TMPDIR: `${top}/tmp`,
        USER: "nobody",
      },
    });
  } finally {
    await Deno.remove(top, { recursive: true });
  }
}

Deno.exit(Deno.uid() === 0 ? await testAsNobody() : await run(Deno.execPath(), TEST, { cwd: ROOT }));
