/**
 * The `config.json` of a runtime bundle, made from an image config (OCI image spec 1.1, conversion.md).
 *
 * @module
 */
import type { ImageConfig } from "../../oci/image_config.ts";
import type { JsonObject } from "../../oci/json.ts";
import {
  DEFAULT_CAPABILITIES,
  DEFAULT_ENV,
  defaultMounts,
  MASKED_PATHS,
  READONLY_PATHS,
  type RuntimeMount,
} from "./runtime_defaults.ts";
import type { ProcessUser } from "./user.ts";

/** What the image alone does not decide. */
export interface BundleOptions {
  /** Who the process is, see `resolveUser`. */
  readonly user: ProcessUser;
  /** The path of the root file system, relative to the bundle. @default {"rootfs"} */
  readonly rootPath?: string;
  /** For a runtime without root: who shall be root inside. */
  readonly rootless?: { readonly uid: number; readonly gid: number };
}

const ANNOTATION = "org.opencontainers.image.";

/** Makes the document. Its fields are those of the OCI runtime spec 1.0.2. */
export function makeRuntimeConfig(image: ImageConfig, options: BundleOptions): JsonObject {
  const { config } = image;
  const { user, rootless } = options;
  const args = [...config.Entrypoint ?? [], ...config.Cmd ?? []];
  return {
    ociVersion: "1.0.2",
    process: {
      // One that is asked for where there is none is an error; without it, streams are passed through.
      terminal: false,
      user: { uid: user.uid, gid: user.gid, ...groupsOf(user, rootless !== undefined) },
      // An image that says nothing to run is one to look around in.
      args: args.length > 0 ? args : ["sh"],
      env: envOf(config.Env ?? []),
      cwd: `/${(config.WorkingDir ?? "").replace(/^\/+/, "")}`,
      capabilities: {
        bounding: DEFAULT_CAPABILITIES,
        effective: DEFAULT_CAPABILITIES,
        permitted: DEFAULT_CAPABILITIES,
      },
      rlimits: [{ type: "RLIMIT_NOFILE", hard: 1024, soft: 1024 }],
      noNewPrivileges: true,
    },
    root: { path: options.rootPath ?? "rootfs" },
    hostname: "container",
    mounts: [...defaultMounts(rootless !== undefined), ...volumesOf(image)],
    annotations: annotationsOf(image),
    linux: {
      namespaces: namespacesOf(rootless !== undefined),
      maskedPaths: MASKED_PATHS,
      readonlyPaths: READONLY_PATHS,
      ...rootless === undefined ? {} : {
        uidMappings: [{ containerID: 0, hostID: rootless.uid, size: 1 }],
        gidMappings: [{ containerID: 0, hostID: rootless.gid, size: 1 }],
      },
    },
  };
}

/** An ordinary user has no further groups to give. */
function groupsOf({ additionalGids }: ProcessUser, isRootless: boolean): JsonObject {
  return isRootless || additionalGids.length === 0 ? {} : { additionalGids };
}

/** The image's variables, and defaults of those that it does not set. */
function envOf(env: readonly string[]): readonly string[] {
  const nameOf = (variable: string) => variable.slice(0, variable.indexOf("="));
  const set = new Set(env.map(nameOf));
  return [...DEFAULT_ENV.filter((variable) => !set.has(nameOf(variable))), ...env];
}

/** What is written to a volume shall not be in the root file system. */
function volumesOf({ config }: ImageConfig): readonly RuntimeMount[] {
  return Object.keys(config.Volumes ?? {}).sort().map((destination) => ({
    destination,
    type: "tmpfs",
    source: "none",
    options: ["rw", "nosuid", "nodev", "noexec", "relatime"],
  }));
}

/** Labels win over what is derived. */
function annotationsOf({ platform, author, created, config }: ImageConfig): Readonly<Record<string, string>> {
  const derived: Readonly<Record<string, string | undefined>> = {
    os: platform.os,
    architecture: platform.architecture,
    variant: platform.variant,
    "os.version": platform["os.version"],
    "os.features": platform["os.features"]?.join(","),
    author,
    created,
    stopSignal: config.StopSignal,
    exposedPorts: Object.keys(config.ExposedPorts ?? {}).sort().join(","),
  };
  const annotations: Record<string, string> = {};
  for (const [name, value] of Object.entries(derived)) if (value) annotations[ANNOTATION + name] = value;
  return { ...annotations, ...config.Labels };
}

function namespacesOf(isRootless: boolean): readonly { readonly type: string }[] {
  const types = ["pid", "network", "ipc", "uts", "mount"];
  return (isRootless ? [...types, "user"] : types).map((type) => ({ type }));
}
