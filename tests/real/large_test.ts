import { GIB, KIB, MIB } from "../../src/base/bytes.ts";
import { assert, assertEquals } from "../assert.ts";
import { type Sandbox, sandbox } from "../e2e/program.ts";
import { buildImage, type LayerSpec } from "../images/mod.ts";
import { startDistribution } from "./distribution.ts";
import { pushTo } from "./push.ts";
import { realTest, SLOW_MS } from "./tools.ts";

const MEMORY_MAX_BYTES = 200 * MIB;

/** Returns the peak resident memory of a process in bytes; 0 if it has exited. */
function peakMemory(pid: number): number {
  try {
    const kib = /VmHWM:\s+([0-9]+) kB/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
    return Number(kib ?? 0) * KIB;
  } catch {
    return 0;
  }
}

/** Pulls an image and checks the peak memory. */
async function pullWatched(box: Sandbox, reference: string): Promise<void> {
  await using pull = box.start(["pull", "--progress=json", reference]);
  let peak = 0;
  const said: string[] = [];
  for await (const line of pull.lines) {
    peak = Math.max(peak, peakMemory(pull.pid));
    said.push(line);
  }
  assertEquals((await pull.status).code, 0, said.slice(-5).join("\n"));
  assert(peak > MIB && peak < MEMORY_MAX_BYTES, `the pull used ${Math.round(peak / MIB)} MiB`);
}

const CASES: Readonly<Record<string, readonly LayerSpec[]>> = {
  "a layer of 1 GiB": [{ size: GIB, lazy: true }],
  "300 layers": Array.from({ length: 300 }, () => ({ size: 20 * KIB })),
  "12 layers of 40 MiB": Array.from({ length: 12 }, () => ({ size: 40 * MIB, lazy: true })),
};

for (const [name, layers] of Object.entries(CASES)) {
  realTest(
    { tools: ["registry"], timeout: SLOW_MS },
    `pulls ${name} from the real registry with less than 200 MB of memory`,
    async () => {
      await using registry = await startDistribution();
      await using box = await sandbox();
      const image = await buildImage({ layers });
      const reference = await pushTo(registry.origin, "large", "v1", image);
      await pullWatched(box, reference);
      await box.ok(["verify"]);
      // Each blob is requested once. On a slow machine a large layer has further requests for ranges (206).
      const wholes = (await registry.accessLog()).filter(({ method, path, status }) =>
        method === "GET" && path.includes("/blobs/") && status === 200
      );
      assertEquals(wholes.length, layers.length + 1);
    },
  );
}
