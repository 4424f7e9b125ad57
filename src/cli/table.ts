/**
 * The command table: every command by its name, in the order of the help.
 *
 * @module
 */
import { DIGEST, IMAGES, INSPECT, PULL, RM, TAG } from "./table/images.ts";
import { PERMISSIONS } from "./table/permissions.ts";
import { COMPLETIONS, HELP, VERSION_COMMAND } from "./table/program.ts";
import { LOGIN, LOGOUT, TAGS } from "./table/registries.ts";
import { DF, GC, VERIFY } from "./table/store.ts";
import { DIFF, EXPORT, IMPORT, MOUNT_OPTIONS, UNPACK } from "./table/trees.ts";
import { PIN, UNPIN } from "./table/pins.ts";
import { PROGRESS, SERVE } from "./table/serve.ts";
import type { Command } from "./table/types.ts";

/** Every command with its exact type. */
export const COMMANDS = {
  pull: PULL,
  images: IMAGES,
  inspect: INSPECT,
  digest: DIGEST,
  tag: TAG,
  rm: RM,
  pin: PIN,
  unpin: UNPIN,
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
  permissions: PERMISSIONS,
  serve: SERVE,
  progress: PROGRESS,
  completions: COMPLETIONS,
  version: VERSION_COMMAND,
  help: HELP,
} as const;

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS;

/** The names of all commands. */
export const COMMAND_NAMES = Object.keys(COMMANDS) as readonly CommandName[];

/** The name if there is a command of that name. */
export function findCommand(name: string): CommandName | undefined {
  return COMMAND_NAMES.find((known) => known === name);
}

/** A command without its exact type, to walk over. */
export function commandOf(name: CommandName): Command {
  return COMMANDS[name];
}
