/**
 * Loads the code of a command, only when it runs.
 *
 * @module
 */
import type { CommandName, COMMANDS } from "./commands.ts";
import type { CommandOutcome, Context } from "./context/context.ts";
import type { Input, InputOf } from "./table/types.ts";

/** Runs a command with input of the types that the table gives for it. */
export type CommandRunner<I> = (input: I, context: Context) => Promise<CommandOutcome> | CommandOutcome;

type Loaders = {
  readonly [N in CommandName]: () => Promise<{ readonly run: CommandRunner<InputOf<typeof COMMANDS[N]>> }>;
};

const LOADERS: Loaders = {
  pull: () => import("./commands/images/pull.ts"),
  images: () => import("./commands/images/images.ts"),
  inspect: () => import("./commands/images/inspect.ts"),
  digest: () => import("./commands/images/digest.ts"),
  tag: () => import("./commands/images/tag.ts"),
  rm: () => import("./commands/images/rm.ts"),
  unpack: () => import("./commands/files/unpack.ts"),
  "mount-options": () => import("./commands/files/mount_options.ts"),
  export: () => import("./commands/files/export.ts"),
  import: () => import("./commands/files/import.ts"),
  diff: () => import("./commands/files/diff.ts"),
  gc: () => import("./commands/store/gc.ts"),
  verify: () => import("./commands/store/verify.ts"),
  df: () => import("./commands/store/df.ts"),
  tags: () => import("./commands/registry/tags.ts"),
  login: () => import("./commands/registry/login.ts"),
  logout: () => import("./commands/registry/logout.ts"),
  serve: () => import("./commands/node/serve.ts"),
  progress: () => import("./commands/node/progress.ts"),
  pin: () => import("./commands/node/pin.ts"),
  unpin: async () => ({ run: (await import("./commands/node/pin.ts")).runUnpin }),
  permissions: () => import("./commands/program/permissions.ts"),
  completions: () => import("./commands/program/completions.ts"),
  version: () => import("./commands/program/version.ts"),
  help: () => import("./commands/program/help.ts"),
};

/** Loads a command of the table. Its input must come from the parser, which guarantees the types. */
export async function loadCommand(name: string): Promise<CommandRunner<Input>> {
  const { run } = await LOADERS[name as CommandName]();
  return run as CommandRunner<Input>;
}
