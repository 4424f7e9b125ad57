/**
 * Trees on the disk as another language sees them, so that a bug of ours can't hide itself; and what two differ in.
 *
 * @module
 */
import { runOk } from "../../tests/real/child.ts";

const LOOK = `
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

/** Everything below a directory by its path, as Python writes it: type, mode, owner, time, content, links, attributes. */
export type SeenTree = Readonly<Record<string, unknown>>;

/** Looks at a tree. */
export async function lookAt(root: string): Promise<SeenTree> {
  return JSON.parse(await runOk("python3", ["-c", LOOK, root]));
}

/** A line for each path that differs. */
export function differencesOf(theirs: SeenTree, ours: SeenTree): readonly string[] {
  const paths = [...new Set([...Object.keys(theirs), ...Object.keys(ours)])].sort();
  return paths.flatMap((path) => {
    const [a, b] = [JSON.stringify(theirs[path]), JSON.stringify(ours[path])];
    return a === b ? [] : [`${path}\n  theirs ${a}\n  ours   ${b}`];
  });
}
