/**
 * Files that another user creates, for tests that run as root.
 *
 * @module
 */

/** The user `nobody` of most systems; no file of the tests belongs to it otherwise. */
export const OTHER_UID = 65534;

/** Whether this process may run programs as another user. */
export const isRoot = Deno.uid() === 0;

/** Runs a program as another user. */
async function runAsOther(command: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, {
    args: [...args],
    cwd: "/",
    uid: OTHER_UID,
    gid: OTHER_UID,
  }).output();
  if (!success) throw new Error(`${command} failed: ${new TextDecoder().decode(stderr)}`);
}

/** Creates a symbolic link that belongs to another user, who must be able to write to its directory. */
export function plantLink(target: string, path: string): Promise<void> {
  return runAsOther("ln", ["-s", target, path]);
}

/** Creates a FIFO that belongs to another user. */
export function plantFifo(path: string): Promise<void> {
  return runAsOther("mkfifo", ["-m", "666", path]);
}

/** A directory like `/tmp`, in one that every user can enter. Delete `parent` after the test. */
export async function sharedDirectory(): Promise<{ readonly parent: string; readonly shared: string }> {
  const parent = await Deno.makeTempDir({ prefix: "dray-shared-" });
  const shared = `${parent}/shared`;
  await Deno.mkdir(shared);
  await Deno.chmod(parent, 0o755);
  await Deno.chmod(shared, 0o1777);
  return { parent, shared };
}
