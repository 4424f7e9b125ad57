/**
 * The user of an image, looked up in the image's own files.
 *
 * @module
 */
import { MIB } from "../base/bytes.ts";
import { AppError } from "../base/errors.ts";

/** Who the process runs as. */
export interface RuntimeUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  /** Where the user lives. */
  readonly home?: string;
}

/** Files of users are small; a larger one is no such file. */
const FILE_MAX_BYTES = 16 * MIB;

/**
 * Looks up `User` of an image config: `user`, `uid`, `user:group`, `uid:gid`, and mixtures (OCI image spec 1.1,
 * config.md, "User").
 *
 * @param rootfs the unpacked root file system
 * @throws AppError `not_found` for a name that the image's files don't have
 */
export async function findUser(rootfs: string, text = ""): Promise<RuntimeUser> {
  const [user = "", group] = text.split(":", 2);
  const passwd = await readTable(rootfs, "etc/passwd");
  const groups = await readTable(rootfs, "etc/group");
  const wanted = user || "0";
  const entry = passwd.find(([name, , uid]) => name === wanted || uid === wanted);
  const uid = numberOf(entry?.[2]) ?? numberOf(wanted);
  if (uid === undefined) {
    throw new AppError("not_found", `Cannot find user "${user}": /etc/passwd of the image has no such name`);
  }
  const home = entry?.[5];
  const name = entry?.[0];
  const gid = group === undefined || group === "" ? numberOf(entry?.[3]) ?? 0 : groupId(groups, group);
  // A group that was named stands alone; without one, the user is in all that list its name.
  const additionalGids = group ? [] : groups
    .filter(([, , , members = ""]) => name !== undefined && members.split(",").includes(name))
    .flatMap(([, , id]) => numberOf(id) ?? [])
    .filter((id) => id !== gid);
  return { uid, gid, additionalGids, ...(home && { home }) };
}

function groupId(groups: readonly (readonly string[])[], group: string): number {
  const gid = numberOf(groups.find(([name]) => name === group)?.[2]) ?? numberOf(group);
  if (gid !== undefined) return gid;
  throw new AppError("not_found", `Cannot find group "${group}": /etc/group of the image has no such name`);
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,10}$/.test(text) ? Number(text) : undefined;
}

/** Reads a file of the image; one that is a link to outside is not the image's, and is taken for missing. */
async function readTable(rootfs: string, path: string): Promise<readonly (readonly string[])[]> {
  try {
    const root = await Deno.realPath(rootfs);
    const real = await Deno.realPath(`${root}/${path}`);
    if (!real.startsWith(`${root}/`) || (await Deno.stat(real)).size > FILE_MAX_BYTES) return [];
    const text = await Deno.readTextFile(real);
    return text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).map((line) =>
      line.split(":")
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
