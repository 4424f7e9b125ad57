/**
 * One attempt of each kind at what a permission guards.
 *
 * @module
 */

/** Whether each could be done. */
export type Attempts = Readonly<Record<"read" | "write" | "net" | "run" | "env" | "sys" | "ffi", boolean>>;

/**
 * Tries to read and write in a folder, to connect, to run a program, to read a variable, to ask the system's memory,
 * and to open the C library.
 *
 * @param folder has a file `secret`
 * @param address of a server, `HOST:PORT`
 */
export async function attempts(folder: string, address: string): Promise<Attempts> {
  const [hostname = "", port = ""] = address.split(":");
  return {
    read: await succeeds(() => Deno.readTextFile(`${folder}/secret`)),
    write: await succeeds(() => Deno.writeTextFile(`${folder}/written`, "")),
    net: await succeeds(async () => (await Deno.connect({ hostname, port: Number(port) })).close()),
    run: await succeeds(() => new Deno.Command("true").output()),
    env: await succeeds(() => Deno.env.get("PATH")),
    sys: await succeeds(() => Deno.systemMemoryInfo()),
    ffi: await succeeds(() => Deno.dlopen("libc.so.6", {}).close()),
  };
}

async function succeeds(attempt: () => unknown): Promise<boolean> {
  try {
    await attempt();
    return true;
  } catch (error) {
    // Anything else would prove nothing.
    if (error instanceof Deno.errors.NotCapable) return false;
    throw error;
  }
}
