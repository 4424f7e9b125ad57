/**
 * Runs code without the right to change owners, also when the tests run as root.
 *
 * @module
 */

/** `_LINUX_CAPABILITY_VERSION_3` of capget(2). */
const VERSION = 0x20080522;
/** The bit of `CAP_CHOWN`, capability 0. */
const CAP_CHOWN = 1;

const SYMBOLS = {
  capget: { parameters: ["buffer", "buffer"], result: "i32" },
  capset: { parameters: ["buffer", "buffer"], result: "i32" },
} as const;

/**
 * Removes `CAP_CHOWN` from the effective capabilities of the calling thread while `use` runs. Capabilities
 * belong to a thread, so that tests on other threads are not affected.
 */
export async function withoutChown<T>(use: () => Promise<T>): Promise<T> {
  const libc = Deno.dlopen("libc.so.6", SYMBOLS);
  try {
    const header = Uint32Array.of(VERSION, 0);
    // Effective, permitted and inheritable bits, for capabilities 0 to 31 and again for 32 to 63.
    const capabilities = new Uint32Array(6);
    if (libc.symbols.capget(header, capabilities) !== 0) throw new Error("Cannot read capabilities");
    const reduced = capabilities.slice();
    reduced[0] = (reduced[0] ?? 0) & ~CAP_CHOWN;
    if (libc.symbols.capset(header, reduced) !== 0) throw new Error("Cannot drop CAP_CHOWN");
    try {
      return await use();
    } finally {
      libc.symbols.capset(header, capabilities);
    }
  } finally {
    libc.close();
  }
}
