/**
 * The programs that dray is compared with, and how each does the same work.
 *
 * @module
 */
import { findTool } from "../../tests/real/tools.ts";
import { startContainerd } from "./containerd.ts";
import type { Contender, Task } from "./contender.ts";
import { type Command, measure } from "./measure.ts";

/** The others. Those of Go find the authority in a variable that their library reads. */
export function rivals(): readonly Contender[] {
  return [
    client("crane", "crane", ({ reference, folder }) => ["pull", "--format=oci", reference, `${folder}/oci`]),
    client("oras", "oras", (task) => ["copy", ...orasArgs(task)]),
    client("oras -c 10", "oras", (task) => ["copy", "--concurrency", "10", ...orasArgs(task)]),
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

function orasArgs({ reference, folder, caFile }: Task): readonly string[] {
  return [
    "--no-tty",
    ...caFile === undefined ? ["--from-plain-http"] : [],
    reference,
    "--to-oci-layout",
    `${folder}/oci:1`,
  ];
}

function client(name: string, program: string, args: (task: Task) => readonly string[]): Contender {
  const path = findTool(program);
  return {
    name,
    isOurs: false,
    missing: path === undefined ? `${program} is missing: deno task tools ${program}` : undefined,
    run: (task) => measure({ program: path ?? program, args: args(task), env: trusting(task) }),
  };
}

function trusting({ caFile }: Task): Record<string, string> {
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
    isOurs: false,
    missing,
    async run({ reference, folder, caFile }) {
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
