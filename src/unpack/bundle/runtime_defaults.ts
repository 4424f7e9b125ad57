/**
 * The parts of a runtime config that don't depend on the image. The isolation suits any image and is similar
 * to that of `runc spec` (OCI runtime spec 1.0.2, config.md and config-linux.md).
 *
 * @module
 */

/** A file system to mount in the container. */
export interface RuntimeMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options?: readonly string[];
}

/** Permits listening on ports below 1024 and signals to child processes. */
export const DEFAULT_CAPABILITIES: readonly string[] = [
  "CAP_AUDIT_WRITE",
  "CAP_KILL",
  "CAP_NET_BIND_SERVICE",
];

/** Variables of images that don't set them. */
export const DEFAULT_ENV: readonly string[] = [
  "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  "TERM=xterm",
];

const LOCKED = ["nosuid", "noexec", "nodev"];

/** @param isRootless without root, sysfs can't be mounted and a terminal's group can't be set */
export function defaultMounts(isRootless: boolean): readonly RuntimeMount[] {
  const terminal = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"];
  return [
    { destination: "/proc", type: "proc", source: "proc" },
    {
      destination: "/dev",
      type: "tmpfs",
      source: "tmpfs",
      options: ["nosuid", "strictatime", "mode=755", "size=65536k"],
    },
    {
      destination: "/dev/pts",
      type: "devpts",
      source: "devpts",
      options: isRootless ? terminal : [...terminal, "gid=5"],
    },
    {
      destination: "/dev/shm",
      type: "tmpfs",
      source: "shm",
      options: [...LOCKED, "mode=1777", "size=65536k"],
    },
    { destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: LOCKED },
    isRootless
      ? { destination: "/sys", type: "none", source: "/sys", options: ["rbind", ...LOCKED, "ro"] }
      : { destination: "/sys", type: "sysfs", source: "sysfs", options: [...LOCKED, "ro"] },
  ];
}

/** Kernel files that expose or change state of the host (config-linux.md, "Masked Paths"). */
export const MASKED_PATHS: readonly string[] = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
];

/** Kernel files that are mounted read-only (config-linux.md, "Readonly Paths"). */
export const READONLY_PATHS: readonly string[] = [
  "/proc/bus",
  "/proc/fs",
  "/proc/irq",
  "/proc/sys",
  "/proc/sysrq-trigger",
];
