/**
 * `dray help permissions`
 *
 * @module
 */
import type { PermissionKind } from "../../permissions/kinds.ts";
import { code, heading, paragraph, terms, type TopicDocument } from "./document.ts";

/** What dray uses each kind of permission for. */
export const PERMISSION_USES: Readonly<Record<PermissionKind, string>> = {
  read: "the store, configuration and credential files, and the files that the command line names",
  write: "the store, exported files, the credential file for login, sockets for serve",
  net: "registries, mirrors, token services, proxies; sockets for serve and progress",
  env: 'the variables of "dray help environment"; read once, before permissions are dropped',
  run: "credential helpers, only by name",
  sys: "the uid, the gid and the free disk space",
  ffi: "libc, only for unpack: owners, extended attributes and device nodes",
  import: "never used",
};

/** The permission sets of `deno.json`. */
export const PERMISSION_SET_USES = {
  read: "commands that only read the store",
  pull: "commands that use well-known public registries",
  serve: "dray serve and dray progress",
  unpack: "dray unpack and dray mount-options --unpack",
} as const;

/** The contents of the topic. */
export const PERMISSIONS_TOPIC: TopicDocument = [
  paragraph(
    "dray keeps only the kinds of permissions the command needs and drops all others before it starts:",
    "dray images can neither write nor reach the network, even when it was started with all permissions.",
    "It drops whole kinds, not single paths or hosts. With --no-prompt a dropped kind can't be granted again;",
    "without it, the runtime can ask for it again on a terminal.",
    "When a permission is missing, dray exits with code 8 and names the flag to add.",
  ),
  terms(Object.entries(PERMISSION_USES)),
  paragraph(
    "dray permissions COMMAND … prints what a command line needs: the store, the hosts of the registry, its",
    "mirrors and its token service, the credential files and the environment variables, as deno run flags",
    "for exactly that command (--probe asks the registry which other hosts serve its layers).",
  ),
  heading("Permission sets"),
  paragraph("deno.json has these sets, for root's default store and well-known registries:"),
  terms(Object.entries(PERMISSION_SET_USES)),
  code(`
deno run --no-prompt -P=read main.ts images
deno run --no-prompt -P=pull main.ts pull nginx
`),
  paragraph(
    "Only named credential helpers may be run, and only the unpack set allows FFI, because owners,",
    "attributes and device nodes need libc.",
  ),
];
