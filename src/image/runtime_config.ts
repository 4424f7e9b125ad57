/**
 * From an image config to the config of a runtime bundle (OCI image spec 1.1, conversion.md; OCI runtime spec 1.0).
 *
 * @module
 */
import type { ImageConfig } from "../oci/image_config.ts";
import type { RuntimeUser } from "./runtime_user.ts";

const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What an ordinary container may do; the set that container engines give by default. */
const CAPABILITIES = [
  "CAP_AUDIT_WRITE",
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_FSETID",
  "CAP_KILL",
  "CAP_MKNOD",
  "CAP_NET_BIND_SERVICE",
  "CAP_NET_RAW",
  "CAP_SETFCAP",
  "CAP_SETGID",
  "CAP_SETPCAP",
  "CAP_SETUID",
  "CAP_SYS_CHROOT",
];

const MOUNTS = [
  mount("/proc", "proc", "proc", ["nosuid", "noexec", "nodev"]),
  mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
  mount("/dev/pts", "devpts", "devpts", [
    "nosuid",
    "noexec",
    "newinstance",
    "ptmxmode=0666",
    "mode=0620",
    "gid=5",
  ]),
  mount("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
  mount("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
  mount("/sys", "sysfs", "sysfs", ["nosuid", "noexec", "nodev", "ro"]),
  mount("/sys/fs/cgroup", "cgroup", "cgroup", ["nosuid", "noexec", "nodev", "relatime", "ro"]),
];

function mount(destination: string, type: string, source: string, options: readonly string[]) {
  return { destination, type, source, options };
}

/** The kernel's windows that tell or change too much about the host. */
const MASKED = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/firmware",
];
const READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/**
 * Makes the runtime config of an image.
 *
 * @param user the image's user, looked up in its files
 */
export function runtimeConfigOf(image: ImageConfig, user: RuntimeUser): Readonly<Record<string, unknown>> {
  const { config } = image;
  const args = [...config.Entrypoint ?? [], ...config.Cmd ?? []];
  const { uid, gid, additionalGids } = user;
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: false,
      user: { uid, gid, ...(additionalGids.length > 0 && { additionalGids }) },
      // A runtime refuses an empty list; a shell is what people mean by an image that names no program.
      args: args.length > 0 ? args : ["sh"],
      env: environmentOf(config.Env ?? [], user),
      cwd: config.WorkingDir?.startsWith("/") ? config.WorkingDir : `/${config.WorkingDir ?? ""}`,
      capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
      noNewPrivileges: true,
    },
    root: { path: "rootfs", readonly: false },
    hostname: "dray",
    mounts: [...MOUNTS, ...Object.keys(config.Volumes ?? {}).map(volumeMount)],
    annotations: annotationsOf(image),
    linux: {
      namespaces: ["pid", "network", "ipc", "uts", "mount"].map((type) => ({ type })),
      resources: { devices: [{ allow: false, access: "rwm" }] },
      maskedPaths: MASKED,
      readonlyPaths: READ_ONLY,
    },
  };
}

/** Nobody said where a volume's data shall live: it lives as long as the container. */
function volumeMount(path: string) {
  return mount(path, "tmpfs", "tmpfs", ["nosuid", "nodev", "mode=1777"]);
}

function environmentOf(env: readonly string[], { home }: RuntimeUser): readonly string[] {
  const has = (name: string) => env.some((entry) => entry.startsWith(`${name}=`));
  return [
    ...has("PATH") ? [] : [DEFAULT_PATH],
    ...env,
    ...has("HOME") || home === undefined ? [] : [`HOME=${home}`],
  ];
}

/** The image's own labels come last: they win over what is derived. */
function annotationsOf({ platform, config, created, author }: ImageConfig): Readonly<Record<string, string>> {
  const ports = Object.keys(config.ExposedPorts ?? {}).join(",");
  const derived: Readonly<Record<string, string | undefined>> = {
    "org.opencontainers.image.os": platform.os,
    "org.opencontainers.image.architecture": platform.architecture,
    "org.opencontainers.image.variant": platform.variant,
    "org.opencontainers.image.created": created,
    "org.opencontainers.image.author": author,
    "org.opencontainers.image.stopSignal": config.StopSignal,
    "org.opencontainers.image.exposedPorts": ports || undefined,
  };
  const known = Object.entries(derived).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value] as const]
  );
  return { ...Object.fromEntries(known), ...config.Labels };
}
