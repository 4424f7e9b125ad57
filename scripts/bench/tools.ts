/**
 * The programs that dray is compared with, and their command lines for a pull.
 *
 * @module
 */
import { findTool } from "../../tests/real/tools.ts";
import { startContainerd } from "./containerd.ts";
import type { Program, Task } from "./compare.ts";
import { type Command, measure } from "./measure.ts";

/** Returns all of them, including those that aren't installed. */
export function otherTools(): readonly Program[] {
  return [
    client(
      "crane",
      "crane",
      ({ reference, directory }) => ["pull", "--format=oci", reference, `${directory}/oci`],
    ),
    client("oras", "oras", (task) => ["copy", ...orasArgs(task)]),
    client("oras -c 10", "oras", (task) => ["copy", "--concurrency", "10", ...orasArgs(task)]),
    client("regctl", "regctl", ({ reference, directory, caFile }) => [
      "image",
      "copy",
      "--verbosity=error",
      ...caFile === undefined ? ["--host", `reg=${reference.split("/")[0]},tls=disabled`] : [],
      reference,
      `ocidir://${directory}/oci:1`,
    ]),
    client("skopeo", "skopeo", ({ reference, directory, caFile }) => [
      "copy",
      "--quiet",
      "--insecure-policy",
      ...caFile === undefined ? ["--src-tls-verify=false"] : [],
      `docker://${reference}`,
      `oci:${directory}/oci:1`,
    ]),
    containerd("ctr content fetch", ["content", "fetch"]),
    containerd("ctr image pull", ["images", "pull"]),
  ];
}

function orasArgs({ reference, directory, caFile }: Task): readonly string[] {
  return [
    "--no-tty",
    ...caFile === undefined ? ["--from-plain-http"] : [],
    reference,
    "--to-oci-layout",
    `${directory}/oci:1`,
  ];
}

function client(name: string, program: string, args: (task: Task) => readonly string[]): Program {
  const path = findTool(program);
  return {
    name,
    isOurs: false,
    missing: path === undefined ? `${program} is not installed; run deno task tools ${program}` : undefined,
    run: (task) => measure({ program: path ?? program, args: args(task), env: caVariables(task) }),
  };
}

/** The tools are Go programs, which read CA certificates from SSL_CERT_FILE. */
function caVariables({ caFile }: Task): Record<string, string> {
  return caFile === undefined ? {} : { SSL_CERT_FILE: caFile };
}

/** Writes a hosts.toml. Without it containerd uses plain HTTP for a registry on loopback. Returns its directory. */
async function writeHosts(reference: string, caFile: string, directory: string): Promise<string> {
  const host = reference.split("/")[0] ?? "";
  await Deno.mkdir(`${directory}/hosts/${host}`, { recursive: true });
  const lines = [`server = "https://${host}"`, `[host."https://${host}"]`, `ca = "${caFile}"`];
  await Deno.writeTextFile(`${directory}/hosts/${host}/hosts.toml`, `${lines.join("\n")}\n`);
  return `${directory}/hosts`;
}

/** Adds the daemon's CPU and memory to the client's. The daemon's start and stop aren't measured. */
function containerd(name: string, words: readonly string[]): Program {
  const missing = findTool("containerd") === undefined || findTool("ctr") === undefined
    ? "containerd is not installed; run apt-get install containerd"
    : Deno.uid() === 0
    ? undefined
    : "containerd needs root";
  return {
    name,
    isOurs: false,
    missing,
    async run({ reference, directory, caFile }) {
      await using daemon = await startContainerd(`${directory}/containerd`);
      const before = await daemon.cpu();
      const command: Command = {
        program: "ctr",
        args: [
          "--address",
          daemon.socket,
          ...words,
          ...caFile === undefined
            ? ["--plain-http"]
            : ["--hosts-dir", await writeHosts(reference, caFile, directory)],
          reference,
        ],
      };
      const client = await measure(command);
      return {
        wall: client.wall,
        cpu: client.cpu + await daemon.cpu() - before,
        memory: client.memory + await daemon.memory(),
      };
    },
  };
}
