/**
 * Tests that need other programs. If one is missing, they are skipped with a message, or fail in CI.
 *
 * @module
 */
import { TOOLS } from "../../scripts/tools/table.ts";

const root = new URL("../../", import.meta.url).pathname;

/** Files that are kept between runs. */
export const TOOLS_DIR = `${root}.tools`;

/** Time limit, in milliseconds, of tests that compile, download or repeat a lot. */
export const SLOW_MS = 5 * 60_000;

/** Returns the path of a program, or undefined if it is missing. */
export function findTool(name: string): string | undefined {
  const directories = [`${TOOLS_DIR}/bin`, ...(Deno.env.get("PATH") ?? "").split(":")];
  return directories.map((directory) => `${directory}/${name}`).find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** Returns the path of a program from the table. @throws Error if it is missing */
export function tool(name: string): string {
  if (!TOOLS.some((known) => known.name === name)) throw new Error(`scripts/tools/table.ts has no "${name}"`);
  const path = findTool(name);
  if (path === undefined) throw new Error(`"${name}" is missing: run "deno task tools"`);
  return path;
}

/** Whether missing programs are failures. In CI, a skipped test would go unnoticed. */
function isCi(): boolean {
  return ["1", "true"].includes(Deno.env.get("CI") ?? "");
}

/** Requirements of a test. */
export interface Needs {
  /** Programs from the table in scripts/tools/table.ts. */
  readonly tools?: readonly string[];
  /** Needs root, for example to mount a file system. */
  readonly root?: boolean;
  /** Time limit in milliseconds, for a test that may need more than the default of 60 s. */
  readonly timeout?: number;
}

/** Registers a test that is skipped if a requirement is missing. In CI, it fails instead. */
export function realTest(needs: Needs, name: string, fn: (t: Deno.TestContext) => Promise<void>): void {
  const missing = (needs.tools ?? []).filter((needed) => findTool(needed) === undefined);
  if (needs.root && Deno.uid() !== 0) missing.push("root");
  if (missing.length === 0) {
    return Deno.test({ name, fn, ...(needs.timeout !== undefined && { timeout: needs.timeout }) });
  }
  const why = `${missing.join(", ")} missing: run "deno task tools"`;
  if (isCi()) {
    return Deno.test(name, () => {
      throw new Error(why);
    });
  }
  Deno.test({ name: `${name} [SKIPPED: ${why}]`, ignore: true, fn });
}
