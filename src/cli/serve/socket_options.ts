/**
 * Mode and group of the socket, as users write them.
 *
 * @module
 */
import { AppError } from "../../base/errors.ts";

/** Reads permission bits: `660`, `0660`. @throws AppError `invalid_argument` */
export function parseMode(text: string): number {
  if (/^0?o?[0-7]{3}$/.test(text)) return parseInt(text.replace("o", ""), 8);
  throw new AppError(
    "invalid_argument",
    `Cannot use --socket-mode "${text}": want octal digits such as 0660`,
  );
}

/**
 * The number of a group, from its name in `/etc/group` if it is not a number itself.
 *
 * @throws AppError `invalid_argument`
 */
export async function findGroupId(group: string, groupFile = "/etc/group"): Promise<number> {
  if (/^[0-9]+$/.test(group)) return Number(group);
  for (const line of (await Deno.readTextFile(groupFile)).split("\n")) {
    const [name, , id] = line.split(":");
    if (name === group && id !== undefined && /^[0-9]+$/.test(id)) return Number(id);
  }
  throw new AppError("invalid_argument", `Cannot use --socket-group "${group}": there is no such group`);
}
