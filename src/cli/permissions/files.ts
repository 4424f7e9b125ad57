/**
 * Files that the configuration names: certificates in `hosts.toml`, helper programs in credential files.
 *
 * @module
 */
import { messageOf } from "../../base/errors.ts";
import { isMissing } from "../../base/system/os_errors.ts";
import { readConfigFile, readInlineConfig } from "../../credentials/config_file.ts";
import { type CredentialLocations, searchOrderOf } from "../../credentials/locations.ts";
import { DEFAULT_DIRECTORY, directoryNames } from "../../hosts/certs.ts";
import { parseHostsFile } from "../../hosts/hosts_toml.ts";

/** Called for files that can't be read: the command itself may fail there, or continue without them. */
export type OnProblem = (problem: string) => void;

/** Paths in the `hosts.toml` of a registry that are outside the certificate directories. */
export async function certificateFiles(
  registry: string,
  certsDirs: readonly string[],
  onProblem: OnProblem,
): Promise<readonly string[]> {
  const names = [...directoryNames(registry), DEFAULT_DIRECTORY];
  const paths = certsDirs.flatMap((dir) => names.map((name) => `${dir}/${name}/hosts.toml`));
  const found = await Promise.all(paths.map(async (path) => {
    try {
      const { mirrors, server } = await parseHostsFile(await Deno.readTextFile(path), path);
      return [...mirrors, ...(server === undefined ? [] : [server])].flatMap(({ ca, client }) =>
        client === undefined ? ca : [...ca, client.cert, client.key]
      );
    } catch (error) {
      if (!isMissing(error)) {
        onProblem(messageOf(error));
      }
      return [];
    }
  }));
  return found.flat().filter((file) => !certsDirs.some((dir) => file.startsWith(`${dir}/`)));
}

/** The helper programs that credential files name. */
export async function helperPrograms(
  locations: CredentialLocations,
  onProblem: OnProblem,
): Promise<readonly string[]> {
  const readers = searchOrderOf(locations).map((location) => () => readConfigFile(location));
  const inline = () => Promise.resolve(readInlineConfig(locations));
  const found = await Promise.all([inline, ...readers].map(async (read) => {
    try {
      const file = await read();
      return file === undefined ? [] : [file.credsStore, ...Object.values(file.credHelpers)];
    } catch (error) {
      onProblem(messageOf(error));
      return [];
    }
  }));
  const names = found.flat().filter((name): name is string => typeof name === "string" && name !== "");
  return [...new Set(names)].map((name) => `docker-credential-${name}`);
}
