/**
 * A small disk. Needs root.
 *
 * @module
 */
import { runOk } from "./child.ts";

/** Runs a test on a tmpfs of 8 MiB, which is unmounted afterwards. */
export async function onSmallDisk(test: (disk: string) => Promise<void>): Promise<void> {
  const disk = await Deno.makeTempDir({ prefix: "dray-disk-" });
  await runOk("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]);
  try {
    await test(disk);
  } finally {
    await runOk("umount", [disk]);
    await Deno.remove(disk);
  }
}
