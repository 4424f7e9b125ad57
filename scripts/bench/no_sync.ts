/**
 * The same program without fsync: a library that is loaded before the C library's own answers the calls with success.
 *
 * @module
 */
const LIBRARY = "libeatmydata.so";

/** How to start a program so that none of its syncs reaches the kernel, or why that can't be. */
export type NoSync = { readonly env: Readonly<Record<string, string>> } | { readonly missing: string };

/** Finds the library where the linker looks for it. */
export async function findNoSync(): Promise<NoSync> {
  const env = { LD_PRELOAD: LIBRARY };
  // The linker passes over a library that it can't load, with a line on standard error alone.
  const { success, stderr } = await new Deno.Command("true", { env }).output();
  if (success && stderr.length === 0) return { env };
  return { missing: `${LIBRARY} is missing: apt-get install eatmydata` };
}
