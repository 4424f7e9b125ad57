/**
 * Reads directory trees with Python instead of our own code, so that a bug of ours can't hide itself, and compares them.
 *
 * @module
 */
import { runOk } from "../../tests/real/child.ts";

const SNAPSHOT_PROGRAM = `
import hashlib, json, os, stat, sys
seen, groups = {}, {}
for top, dirs, files in os.walk(os.fsencode(sys.argv[1])):
    for name in [b"."] * (top == os.fsencode(sys.argv[1])) + dirs + files:
        path = os.path.join(top, name); key = repr(os.path.relpath(path, os.fsencode(sys.argv[1]))); s = os.lstat(path)
        e = dict(kind=stat.S_IFMT(s.st_mode), mode=oct(stat.S_IMODE(s.st_mode)), owner=[s.st_uid, s.st_gid], mtime=s.st_mtime_ns)
        if stat.S_ISLNK(s.st_mode): e["target"] = repr(os.readlink(path))
        if stat.S_ISREG(s.st_mode): e.update(size=s.st_size, content=hashlib.sha256(open(path, "rb").read()).hexdigest())
        if stat.S_ISCHR(s.st_mode) or stat.S_ISBLK(s.st_mode): e["device"] = [os.major(s.st_rdev), os.minor(s.st_rdev)]
        e["xattrs"] = {n: os.getxattr(path, n, follow_symlinks=False).hex() for n in sorted(os.listxattr(path, follow_symlinks=False))}
        seen[key] = e
        if not stat.S_ISDIR(s.st_mode): groups.setdefault(s.st_ino, []).append(key)
for g in groups.values():
    for key in g: seen[key]["group"] = sorted(g)
json.dump(seen, sys.stdout)
`;

/** Type, mode, owner, time, content, links and extended attributes by path. Paths are `repr()` strings of Python bytes. */
export type TreeSnapshot = Readonly<Record<string, unknown>>;

/** Reads a tree. Needs python3. */
export async function snapshotTree(root: string): Promise<TreeSnapshot> {
  return JSON.parse(await runOk("python3", ["-c", SNAPSHOT_PROGRAM, root]));
}

/** Returns one text per path that differs. */
export function differencesOf(theirs: TreeSnapshot, ours: TreeSnapshot): readonly string[] {
  const paths = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])].sort();
  return paths.flatMap((path) => {
    const [a, b] = [JSON.stringify(theirs[path]), JSON.stringify(ours[path])];
    return a === b ? [] : [`${path}\n  theirs ${a}\n  ours   ${b}`];
  });
}
