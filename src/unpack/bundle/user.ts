/**
 * `Config.User` as numbers (OCI image spec 1.1, conversion.md, "Config.User"; config.md, "User").
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { readTreeText } from "./tree_text.ts";

/** Who the process is. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
}

/** Account files by colons: of a user the name, uid and gid; of a group the name, gid and members. */
type Lines = readonly (readonly string[])[];

const NUMBER = /^[0-9]{1,10}$/;

/**
 * Finds out who `User` is: a name or a number, and maybe a group likewise. Without a group it is the user's own one, and
 * all groups that list the user.
 *
 * @param root the unpacked root file system, whose account files know the names
 * @throws AppError `invalid_content` for a name that they don't know
 */
export async function resolveUser(root: string, user: string): Promise<ProcessUser> {
  if (user === "") return { uid: 0, gid: 0, additionalGids: [] };
  const [who = "", group] = user.split(":", 2);
  const users = linesOf(await readTreeText(root, "/etc/passwd"));
  const groups = linesOf(await readTreeText(root, "/etc/group"));
  const account = users.find(([name, , uid]) => name === who || (NUMBER.test(who) && uid === who));
  const uid = numberOf(account?.[2] ?? who, "user", who);
  if (group !== undefined && group !== "") {
    const found = groups.find(([name, , gid]) => name === group || (NUMBER.test(group) && gid === group));
    return { uid, gid: numberOf(found?.[2] ?? group, "group", group), additionalGids: [] };
  }
  if (account === undefined) return { uid, gid: 0, additionalGids: [] };
  const gid = numberOf(account[3] ?? "", "group of user", who);
  const name = account[0] ?? "";
  const additionalGids = groups
    .filter(([, , , members]) => (members ?? "").split(",").includes(name))
    .map(([, , number]) => numberOf(number ?? "", "group of user", who))
    .filter((number) => number !== gid);
  return { uid, gid, additionalGids };
}

function linesOf(text: string | undefined): Lines {
  return (text ?? "").split("\n").filter((line) => line.includes(":")).map((line) => line.trim().split(":"));
}

function numberOf(text: string, what: string, name: string): number {
  if (NUMBER.test(text) && Number(text) < 2 ** 32 - 1) return Number(text);
  throw new AppError(
    "invalid_content",
    `Cannot find ${what} "${name}": the image's account files do not know it`,
  );
}
