/**
 * The code of each command, loaded when it runs: `dray version` must not wait for what pulls.
 *
 * @module
 */
import type { Context, Ending } from "./context.ts";
import type { CommandName, COMMANDS } from "./table.ts";
import type { Input, InputOf } from "./table/types.ts";

/** Runs a command with input that fits its entry in the table. */
export type Run<I> = (input: I, context: Context) => Promise<Ending> | Ending;

type Loaders = {
  readonly [N in CommandName]: () => Promise<{ readonly run: Run<InputOf<typeof COMMANDS[N]>> }>;
};

const LOADERS: Loaders = {
  pull: () => import("./commands/pull.ts"),
  images: () => import("./commands/images.ts"),
  inspect: () => import("./commands/inspect.ts"),
  digest: () => import("./commands/digest.ts"),
  tag: () => import("./commands/tag.ts"),
  rm: () => import("./commands/rm.ts"),
  pin: () => import("./commands/pin.ts"),
  unpin: () => import("./commands/unpin.ts"),
  unpack: () => import("./commands/unpack.ts"),
  "mount-options": () => import("./commands/mount_options.ts"),
  export: () => import("./commands/export.ts"),
  import: () => import("./commands/import.ts"),
  diff: () => import("./commands/diff.ts"),
  gc: () => import("./commands/gc.ts"),
  verify: () => import("./commands/verify.ts"),
  df: () => import("./commands/df.ts"),
  tags: () => import("./commands/tags.ts"),
  login: () => import("./commands/login.ts"),
  logout: () => import("./commands/logout.ts"),
  permissions: () => import("./commands/permissions.ts"),
  serve: () => import("./commands/serve.ts"),
  progress: () => import("./commands/progress.ts"),
  completions: () => import("./commands/completions.ts"),
  version: () => import("./commands/version.ts"),
  help: () => import("./commands/help.ts"),
};

/** Loads a command. Its input must come from the parser, which keeps to the table. */
export async function loadCommand(name: CommandName): Promise<Run<Input>> {
  const { run } = await LOADERS[name]();
  return run as Run<Input>;
}
