/**
 * Paths of credential files, derived from environment variables that the caller passes in.
 *
 * @module
 */
import { absolutePath, joinPath, xdgDirectory } from "../base/system/xdg.ts";

/** A file that may hold credentials. It may not exist. */
export interface CredentialFile {
  /** The path of the file. */
  readonly path: string;
  /**
   * Whether the user named the file. If a named file can't be read, that is an error; a default one is
   * skipped.
   */
  readonly named: boolean;
}

/** The files that are searched. */
export interface CredentialLocations {
  /** The text of a `config.json` from the variable `DOCKER_AUTH_CONFIG`, searched before all files. */
  readonly inline?: string;
  /** docker's `config.json`, which `login` and `logout` write. Undefined without a home directory. */
  readonly dockerConfig?: CredentialFile;
  /** podman's `auth.json` files. */
  readonly authFiles: readonly CredentialFile[];
}

/**
 * The files, and the text of a file, that docker, podman and skopeo would use in this environment. An empty variable counts as unset.
 *
 * - docker: `$DOCKER_CONFIG/config.json`, otherwise `~/.docker/config.json`
 * - docker, and GitLab for its jobs: the text in `$DOCKER_AUTH_CONFIG`
 * - podman: only `$REGISTRY_AUTH_FILE` if it is set, otherwise `$XDG_RUNTIME_DIR/containers/auth.json` and
 *   then `$XDG_CONFIG_HOME/containers/auth.json` (by default `~/.config/containers/auth.json`)
 *
 * @param env returns a variable's value
 * @param home the user's home directory, if there is one
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
  const dockerDirectory = env("DOCKER_CONFIG");
  const dockerConfig = dockerDirectory
    ? { path: joinPath(dockerDirectory, "config.json"), named: true }
    : home
    ? { path: joinPath(home, ".docker/config.json"), named: false }
    : undefined;
  const inline = env("DOCKER_AUTH_CONFIG");
  return {
    ...(inline && { inline }),
    ...(dockerConfig && { dockerConfig }),
    authFiles: podmanFiles(env, home),
  };
}

/**
 * The files in search order; the first one with a credential wins. A file named by `REGISTRY_AUTH_FILE` comes
 * first, then docker's, then podman's default files, so that no default file hides what `login` wrote.
 */
export function searchOrderOf(locations: CredentialLocations): readonly CredentialFile[] {
  const named = locations.authFiles.filter((file) => file.named);
  const defaults = locations.authFiles.filter((file) => !file.named);
  const docker = locations.dockerConfig === undefined ? [] : [locations.dockerConfig];
  return [...named, ...docker, ...defaults];
}

function podmanFiles(
  env: (name: string) => string | undefined,
  home: string | undefined,
): readonly CredentialFile[] {
  const named = env("REGISTRY_AUTH_FILE");
  if (named) return [{ path: named, named: true }];
  const directories = [
    absolutePath(env("XDG_RUNTIME_DIR")),
    xdgDirectory(env("XDG_CONFIG_HOME"), home, ".config"),
  ];
  return directories.filter((directory) => directory !== undefined)
    .map((directory) => ({ path: joinPath(directory, "containers/auth.json"), named: false }));
}
