/**
 * The named permission sets of `deno.json`: for root on a server, with everything in its default location. A
 * flag replaces everything that a set grants of its kind; `dray permissions` prints the flags for any other
 * setup.
 *
 * @module
 */
import { credentialLocations, searchOrderOf } from "../src/credentials/locations.ts";
import { SYSTEM_BUNDLES } from "../src/http/tls/tls.ts";
import { apiHostOf } from "../src/oci/docker_hub.ts";
import { readEnvironment, VARIABLES } from "../src/cli/context/environment.ts";
import { type Grants, joinGrants } from "../src/cli/permissions/grants.ts";
import { KNOWN_REGISTRIES, knownHostsOf } from "../src/cli/permissions/known_hosts.ts";

/** The known credential helpers, without their common prefix `docker-credential-`. */
export const HELPERS = ["acr-env", "desktop", "ecr-login", "env", "gcloud", "gcr", "pass", "secretservice"];

/**
 * The directories of programs. Bare names can't be used: the runtime warns about one that isn't in PATH, and
 * fails without a PATH.
 */
const PROGRAM_DIRECTORIES = ["/usr/bin", "/usr/local/bin"];

/** The paths of credential helpers, from their names without the common prefix. */
export function helperPaths(names: readonly string[]): readonly string[] {
  return PROGRAM_DIRECTORIES.flatMap((directory) =>
    names.map((name) => `${directory}/docker-credential-${name}`)
  );
}

const ROOT_HOME = "/root";
const STORE: readonly string[] = [storeOf(ROOT_HOME)];

/** The directory of the CRI socket. */
const SOCKET_DIRECTORY = "/run/dray";

function storeOf(home: string): string {
  return readEnvironment((name) => name === "HOME" ? home : undefined, true).storeRoot ?? "";
}

/** The files that configure registries: the system's, and those of the user with this home directory. */
export function registryFiles(home: string | undefined): readonly string[] {
  return [
    ...readEnvironment((name) => name === "HOME" ? home : undefined, true).certsDirs,
    ...SYSTEM_BUNDLES,
  ];
}

/** The credential files of the user with this home directory. */
export function credentialFiles(home: string): readonly string[] {
  const locations = credentialLocations(
    (name) => name === "XDG_RUNTIME_DIR" && home === ROOT_HOME ? "/run/user/0" : undefined,
    home,
  );
  return searchOrderOf(locations).map(({ path }) => path);
}

/** For commands that read the store. */
const READ = joinGrants({
  read: STORE,
  env: [...VARIABLES.terminal, ...VARIABLES.store],
  sys: ["uid", "statfs"],
});

/** For downloads into the store, without credentials. */
const FETCH = joinGrants(READ, { read: registryFiles(ROOT_HOME), write: STORE, env: VARIABLES.registry });

/** Every host of the known registries. */
export function knownHosts(): readonly string[] {
  return KNOWN_REGISTRIES.flatMap((registry) => {
    const { tokens, blobs } = knownHostsOf(registry) ?? { tokens: [], blobs: [] };
    return [`${apiHostOf(registry)}:443`, ...tokens, ...blobs];
  });
}

/** The sets by name. */
export const PERMISSION_SETS: Readonly<Record<"read" | "pull" | "serve" | "unpack", Grants>> = {
  read: READ,
  pull: joinGrants(FETCH, {
    read: credentialFiles(ROOT_HOME),
    net: knownHosts(),
    env: VARIABLES.credentials,
    run: helperPaths(HELPERS),
  }),
  // A kubelet may name any registry, and sends the credentials. Net permission isn't limited to hosts because
  // the socket paths would have to be listed: Deno 2.9 requires them, and 2.6 can't parse them.
  serve: joinGrants(FETCH, {
    read: [SOCKET_DIRECTORY],
    write: [SOCKET_DIRECTORY],
    net: "all",
    env: VARIABLES.telemetry,
  }),
  // The runtime creates no symbolic link under a scoped permission.
  unpack: joinGrants(READ, { read: "all", write: "all", ffi: "all", sys: ["gid"] }),
};
