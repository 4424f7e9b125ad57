/**
 * Resolves `Config.User` to numeric ids (OCI image spec 1.1, conversion.md, "Config.User"; config.md,
 * "User").
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";
import { excerpt } from "../../base/excerpt.ts";
import { readTreeText } from "./tree_text.ts";

/** The user of a container's process. */
export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
}

/**
 * Lines of passwd or group split at colons; passwd: name, password, uid, gid; group: name, password, gid,
 * members.
 */
type Lines = readonly (readonly string[])[];

/** Longer names are shortened in errors. useradd(8) allows 32 characters. */
const NAME_MAX_LENGTH = 100;
const NUMBER = /^[0-9]{1,10}$/;

/**
 * Resolves `USER[:GROUP]`, where both are names or numbers. Without a group, the result has the user's
 * primary group and all groups that list the user.
 *
 * @param root the unpacked root file system with the account files
 * @throws AppError `invalid_content` for a name that is missing in the account files
 */
export async function resolveUser(root: string, user: string): Promise<ProcessUser> {
  if (user === "") return { uid: 0, gid: 0, additionalGids: [] };
  const [account = "", group] = user.split(":", 2);
  const users = linesOf(await readTreeText(root, "/etc/passwd"));
  const groups = linesOf(await readTreeText(root, "/etc/group"));
  const entry = users.find(([name, , uid]) => name === account || (NUMBER.test(account) && uid === account));
  const uid = numberOf(entry?.[2] ?? account, "user", account);
  if (group !== undefined && group !== "") {
    const found = groups.find(([name, , gid]) => name === group || (NUMBER.test(group) && gid === group));
    return { uid, gid: numberOf(found?.[2] ?? group, "group", group), additionalGids: [] };
  }
  if (entry === undefined) return { uid, gid: 0, additionalGids: [] };
  const gid = numberOf(entry[3] ?? "", "group of user", account);
  const name = entry[0] ?? "";
  const additionalGids = groups
    .filter(([, , , members]) => (members ?? "").split(",").includes(name))
    .map(([, , number]) => numberOf(number ?? "", "group of user", account))
    .filter((number) => number !== gid);
  return { uid, gid, additionalGids };
}

function linesOf(text: string | undefined): Lines {
  return (text ?? "").split("\n").filter((line) => line.includes(":")).map((line) => line.trim().split(":"));
}

function numberOf(text: string, kind: string, name: string): number {
  if (NUMBER.test(text) && Number(text) < 2 ** 32 - 1) return Number(text);
  throw new AppError(
    "invalid_content",
    `Cannot find ${kind} "${excerpt(name, NAME_MAX_LENGTH)}": it is missing in the image's account files`,
  );
}
