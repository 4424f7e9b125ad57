/**
 * Captures a pull in a terminal and draws it as `.github/pull.svg`, the picture of the README.
 *
 * ```sh
 * deno run --allow-all scripts/capture.ts
 * ```
 *
 * It starts a slow registry on loopback, runs the program from its sources in a pseudo-terminal (`script` of
 * util-linux, which must be installed), and feeds its output to a headless terminal emulator. The picture shows the
 * screen while the two largest layers are still downloading. A `hosts.toml` maps the registry's name to loopback.
 *
 * @module
 */
import xterm from "@xterm/headless";
import { buildIndex } from "../tests/images/mod.ts";
import { startRegistry } from "../tests/registry/mod.ts";
import { screenOf, svgOf } from "./capture/screen.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const OUTPUT = `${ROOT}.github/pull.svg`;
const MIB = 1024 * 1024;
const COLUMNS = 92;
const ROWS = 14;
const BYTES_PER_SECOND = 6 * MIB;
const LAYER_MIB = [31, 17, 9, 4, 0.4];
const NAME = "registry.example";
/** The picture shows the first screen with this text. */
const MOMENT = `3/${LAYER_MIB.length} layers`;

/** Runs a command in a pseudo-terminal and calls `onOutput` after each piece of output. */
async function runInTerminal(
  command: string,
  terminal: xterm.Terminal,
  onOutput: () => void,
): Promise<void> {
  const child = new Deno.Command("script", {
    args: [
      "--quiet",
      "--flush",
      "--return",
      "--command",
      `stty cols ${COLUMNS} rows ${ROWS}; ${command}`,
      "/dev/null",
    ],
    env: { TERM: "xterm-256color", SHELL: "/bin/sh" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  for await (const chunk of child.stdout) {
    await new Promise<void>((resolve) => terminal.write(chunk, resolve));
    onOutput();
  }
  const { code } = await child.status;
  if (code !== 0) throw new Error(`"${command}" ended with exit code ${code}`);
}

async function capture(directory: string): Promise<string> {
  const image = await buildIndex({ image: { layers: LAYER_MIB.map((mib) => ({ size: mib * MIB })) } });
  await using registry = await startRegistry({ bytesPerSecond: BYTES_PER_SECOND });
  registry.push("team/app", "1.4", image);
  const hosts = `${directory}/certs.d/${NAME}`;
  await Deno.mkdir(hosts, { recursive: true });
  await Deno.writeTextFile(`${hosts}/hosts.toml`, `server = "http://${registry.host}"\n`);
  const terminal = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
  const args = [
    "pull",
    "--store",
    `${directory}/store`,
    "--certs-dir",
    `${directory}/certs.d`,
    `${NAME}/team/app:1.4`,
  ];
  let svg: string | undefined;
  await runInTerminal(
    [Deno.execPath(), "run", "--quiet", "--allow-all", `${ROOT}main.ts`, ...args].join(" "),
    terminal,
    () => {
      const screen = screenOf(terminal);
      if (svg !== undefined || !screen.some((line) => line.some(({ text }) => text.includes(MOMENT)))) return;
      svg = svgOf([[{ text: `$ dray pull ${NAME}/team/app:1.4`, style: "" }], ...screen], COLUMNS);
    },
  );
  if (svg === undefined) throw new Error(`Cannot draw the pull: the screen never showed "${MOMENT}"`);
  return svg;
}

if (import.meta.main) {
  const directory = await Deno.makeTempDir({ prefix: "dray-capture-" });
  try {
    await Deno.writeTextFile(OUTPUT, await capture(directory));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
  console.log(OUTPUT);
}
