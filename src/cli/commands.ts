/**
 * The command table: every command by its name, in the order of the help.
 *
 * @module
 */
import { DIFF, EXPORT, IMPORT, MOUNT_OPTIONS, UNPACK } from "./commands/files/spec.ts";
import { DIGEST, IMAGES, INSPECT, PULL, RM, TAG } from "./commands/images/spec.ts";
import { PIN, PROGRESS, SERVE, UNPIN } from "./commands/node/spec.ts";
import { COMPLETIONS, HELP, PERMISSIONS, VERSION_COMMAND } from "./commands/program/spec.ts";
import { LOGIN, LOGOUT, TAGS } from "./commands/registry/spec.ts";
import { DF, GC, VERIFY } from "./commands/store/spec.ts";

/** Every command with its exact type. */
export const COMMANDS = {
  pull: PULL,
  images: IMAGES,
  inspect: INSPECT,
  digest: DIGEST,
  tag: TAG,
  rm: RM,
  unpack: UNPACK,
  "mount-options": MOUNT_OPTIONS,
  export: EXPORT,
  import: IMPORT,
  diff: DIFF,
  gc: GC,
  verify: VERIFY,
  df: DF,
  tags: TAGS,
  login: LOGIN,
  logout: LOGOUT,
  serve: SERVE,
  progress: PROGRESS,
  pin: PIN,
  unpin: UNPIN,
  permissions: PERMISSIONS,
  completions: COMPLETIONS,
  version: VERSION_COMMAND,
  help: HELP,
} as const;

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS;
