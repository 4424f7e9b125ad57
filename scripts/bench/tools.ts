/**
 * The programs that are compared, and how each does the same work.
 *
 * @module
 */
import { findTool } from "../../tests/real/tools.ts";
import { bundle } from "../bundle.ts";
import { startContainerd } from "./containerd.ts";
import { type Command, measure, type Sample } from "./measure.ts";

/** One pull to do. */
export interface Pull {
  /** `127.0.0.1:5000/bench/a:1` */
  readonly reference: string;
  /** An empty folder of its own. */
  readonly folder: string;
  /** A PEM file with the registry's authority; undefined for plain http. */
  readonly caFile: string | undefined;
}

/** A program under test. */
export interface Contender {
  readonly name: string;
  /** Why it can't take part, or undefined if it can. */
  readonly missing: string | undefined;
  pull(pull: Pull): Promise<Sample>;
}

/** How dray is started: from its modules as the binary has them in it, from its sources, or as the binary. */
export type Form = "bundle" | "source" | "compiled";

const root = new URL("../../", import.meta.url).pathname;

/** Makes what the form needs, as it is shipped, and gives the words that start dray. */
export async function prepareDray(form: Form, folder: string): Promise<readonly string[]> {
  const deno = Deno.execPath();
  if (form === "source") return [deno, "run", "--allow-all", `${root}main.ts`];
  const words = form === "bundle"
    ? [deno, "run", "--allow-all", await bundle("folder")]
    : [await compileTo(`${folder}/dray`)];
  // A first run fills the runtime's own cache of compiled code.
  await measure({ program: words[0] ?? "", args: [...words.slice(1), "version"] });
  return words;
}

async function compileTo(output: string): Promise<string> {
  const args = ["run", "--allow-all", `${root}scripts/compile.ts`, "--output", output];
  const { code, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: root }).output();
  if (code !== 0) throw new Error(`Cannot compile dray: ${new TextDecoder().decode(stderr)}`);
  return output;
}

/** dray itself. */
export function dray(words: readonly string[], name = "dray", more: readonly string[] = []): Contender {
  const [program = "", ...before] = words;
  return {
    name,
    missing: undefined,
    pull: ({ reference, folder, caFile }) =>
      measure({
        program,
        args: [
          ...before,
          "pull",
          "--quiet",
          ...more,
          ...caFile === undefined ? [] : ["--ca-file", caFile],
          reference,
        ],
        env: { DRAY_STORE: `${folder}/store` },
      }),
  };
}

/** The others. Those of Go find the authority in a variable that their library reads. */
export function rivals(): readonly Contender[] {
  return [
    client("crane", "crane", ({ reference, folder }) => ["pull", "--format=oci", reference, `${folder}/oci`]),
    client("oras", "oras", (pull) => ["copy", ...orasArgs(pull)]),
    client("oras -c 10", "oras", (pull) => ["copy", "--concurrency", "10", ...orasArgs(pull)]),
    client("regctl", "regctl", ({ reference, folder, caFile }) => [
      "image",
      "copy",
      "--verbosity=error",
      ...caFile === undefined ? ["--host", `reg=${reference.split("/")[0]},tls=disabled`] : [],
      reference,
      `ocidir://${folder}/oci:1`,
    ]),
    client("skopeo", "skopeo", ({ reference, folder, caFile }) => [
      "copy",
      "--quiet",
      "--insecure-policy",
      ...caFile === undefined ? ["--src-tls-verify=false"] : [],
      `docker://${reference}`,
      `oci:${folder}/oci:1`,
    ]),
    containerd("ctr content fetch", ["content", "fetch"]),
    containerd("ctr image pull", ["images", "pull"]),
  ];
}

function orasArgs({ reference, folder, caFile }: Pull): readonly string[] {
  return [
    "--no-tty",
    ...caFile === undefined ? ["--from-plain-http"] : [],
    reference,
    "--to-oci-layout",
    `${folder}/oci:1`,
  ];
}

function client(name: string, program: string, args: (pull: Pull) => readonly string[]): Contender {
  const path = findTool(program);
  return {
    name,
    missing: path === undefined ? `${program} is missing: deno task tools ${program}` : undefined,
    pull: (pull) => measure({ program: path ?? program, args: args(pull), env: trusting(pull) }),
  };
}

function trusting({ caFile }: Pull): Record<string, string> {
  return caFile === undefined ? {} : { SSL_CERT_FILE: caFile };
}

/** A folder that says that a registry on loopback speaks TLS: without it containerd takes it for plain http. */
async function hostsOf(reference: string, caFile: string, folder: string): Promise<string> {
  const host = reference.split("/")[0] ?? "";
  await Deno.mkdir(`${folder}/hosts/${host}`, { recursive: true });
  const lines = [`server = "https://${host}"`, `[host."https://${host}"]`, `ca = "${caFile}"`];
  await Deno.writeTextFile(`${folder}/hosts/${host}/hosts.toml`, `${lines.join("\n")}\n`);
  return `${folder}/hosts`;
}

/** The client asks a daemon, whose share counts too; it is started before and stopped after the clock runs. */
function containerd(name: string, words: readonly string[]): Contender {
  const missing = findTool("containerd") === undefined || findTool("ctr") === undefined
    ? "containerd is missing: apt-get install containerd"
    : Deno.uid() === 0
    ? undefined
    : "containerd needs the rights of root";
  return {
    name,
    missing,
    async pull({ reference, folder, caFile }) {
      await using daemon = await startContainerd(`${folder}/containerd`);
      const before = await daemon.cpu();
      const command: Command = {
        program: "ctr",
        args: [
          "--address",
          daemon.socket,
          ...words,
          ...caFile === undefined
            ? ["--plain-http"]
            : ["--hosts-dir", await hostsOf(reference, caFile, folder)],
          reference,
        ],
      };
      const own = await measure(command);
      return {
        wall: own.wall,
        cpu: own.cpu + await daemon.cpu() - before,
        memory: own.memory + await daemon.memory(),
      };
    },
  };
}
