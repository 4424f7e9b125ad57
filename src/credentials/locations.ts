/**
 * Where credentials are kept. The paths come in from above: this room reads no environment.
 *
 * @module
 */

/** A file that may hold credentials, or may not be there. */
export interface CredentialFile {
  /** Where it is. */
  readonly path: string;
  /**
   * Whether the user named it. A named file that can't be looked at is an error; one that we only guess at is left
   * out then, since it can't be known to exist.
   */
  readonly named: boolean;
}

/** The files that are searched. */
export interface CredentialLocations {
  /** docker's `config.json`: the file that `login` and `logout` write. Missing when there is no home. */
  readonly dockerConfig?: CredentialFile;
  /** podman's `auth.json` files. */
  readonly authFiles: readonly CredentialFile[];
}

/**
 * The files that docker, podman and skopeo would use in this environment. An empty variable counts as unset.
 *
 * - docker's: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`
 * - podman's: `$REGISTRY_AUTH_FILE` alone if it is set, else `$XDG_RUNTIME_DIR/containers/auth.json` and then
 *   `$XDG_CONFIG_HOME/containers/auth.json` (else `~/.config/containers/auth.json`)
 *
 * @param env gives a variable's value
 * @param home the user's home folder, if there is one
 *
 * @example
 * ```ts
 * import { credentialLocations } from "./locations.ts";
 *
 * const { dockerConfig } = credentialLocations(() => undefined, "/home/ann");
 * console.assert(dockerConfig?.path === "/home/ann/.docker/config.json");
 * ```
 */
export function credentialLocations(
  env: (name: string) => string | undefined,
  home: string | undefined,
): CredentialLocations {
  const dockerFolder = env("DOCKER_CONFIG");
  const dockerConfig = dockerFolder
    ? { path: join(dockerFolder, "config.json"), named: true }
    : home
    ? { path: join(home, ".docker/config.json"), named: false }
    : undefined;
  const authFiles = podmanFiles(env, home);
  return dockerConfig === undefined ? { authFiles } : { dockerConfig, authFiles };
}

/**
 * The files in the order of the search; the first one that has a credential wins. A file named by `REGISTRY_AUTH_FILE`
 * comes first, then docker's, then podman's: so what `login` wrote is never hidden by a file that nobody named.
 */
export function searchOrderOf(locations: CredentialLocations): readonly CredentialFile[] {
  const named = locations.authFiles.filter((file) => file.named);
  const guessed = locations.authFiles.filter((file) => !file.named);
  const docker = locations.dockerConfig === undefined ? [] : [locations.dockerConfig];
  return [...named, ...docker, ...guessed];
}

function podmanFiles(
  env: (name: string) => string | undefined,
  home: string | undefined,
): readonly CredentialFile[] {
  const named = env("REGISTRY_AUTH_FILE");
  if (named) return [{ path: named, named: true }];
  const folders = [
    absolute(env("XDG_RUNTIME_DIR")),
    absolute(env("XDG_CONFIG_HOME")) ?? (home ? join(home, ".config") : undefined),
  ];
  return folders.filter((folder) => folder !== undefined)
    .map((folder) => ({ path: join(folder, "containers/auth.json"), named: false }));
}

/** XDG Base Directory specification 0.8, "Basics": a path that is not absolute is to be ignored. */
function absolute(path: string | undefined): string | undefined {
  return path?.startsWith("/") ? path : undefined;
}

function join(folder: string, name: string): string {
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}
