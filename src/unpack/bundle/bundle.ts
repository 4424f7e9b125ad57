/**
 * Converts an image config to the `config.json` of a runtime bundle (OCI image spec 1.1, conversion.md; OCI
 * runtime spec 1.0.2, config.md).
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

/** The settings that the image config doesn't determine. */
export interface BundleOptions {
  /** The user of the process, see `resolveUser`. */
  readonly user: ProcessUser;
  /** For a runtime without root: the user and group on the host that are root in the container. */
  readonly rootless?: { readonly uid: number; readonly gid: number };
}

const ANNOTATION = "org.opencontainers.image.";

/** Returns the document, with the fields of the OCI runtime spec 1.0.2. The root file system is `rootfs`. */
export function makeRuntimeConfig(image: ImageConfig, options: BundleOptions): JsonObject {
  const { config } = image;
  const { user, rootless } = options;
  const args = [...config.Entrypoint ?? [], ...config.Cmd ?? []];
  return {
    ociVersion: "1.0.2",
    process: {
      // `true` fails if the runtime has no terminal. With `false`, the runtime passes the standard streams
      // through.
      terminal: false,
      user: { uid: user.uid, gid: user.gid, ...groupsOf(user, rootless !== undefined) },
      // An image without a command gets a shell.
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
    root: { path: "rootfs" },
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

/** Without root, additional groups can't be set. */
function groupsOf({ additionalGids }: ProcessUser, isRootless: boolean): JsonObject {
  return isRootless || additionalGids.length === 0 ? {} : { additionalGids };
}

/** The image's variables, preceded by defaults for those that it doesn't set. */
function envOf(env: readonly string[]): readonly string[] {
  const nameOf = (variable: string) => variable.slice(0, variable.indexOf("="));
  const set = new Set(env.map(nameOf));
  return [...DEFAULT_ENV.filter((variable) => !set.has(nameOf(variable))), ...env];
}

/**
 * Mounts each volume, so that its data is not written to the root file system (conversion.md,
 * "Config.Volumes").
 */
function volumesOf({ config }: ImageConfig): readonly RuntimeMount[] {
  return Object.keys(config.Volumes ?? {}).sort().map((destination) => ({
    destination,
    type: "tmpfs",
    source: "none",
    options: ["rw", "nosuid", "nodev", "noexec", "relatime"],
  }));
}

/** Annotations from the config. Labels override them (conversion.md, "Annotation Fields"). */
function annotationsOf({ platform, author, created, config }: ImageConfig): Readonly<Record<string, string>> {
  const derived: Readonly<Record<string, string | undefined>> = {
    os: platform?.os,
    architecture: platform?.architecture,
    variant: platform?.variant,
    "os.version": platform?.["os.version"],
    "os.features": platform?.["os.features"]?.join(","),
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
