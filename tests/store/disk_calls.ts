/**
 * Records the calls of the runtime that change a disk, makes them fail, and stops the process at them.
 *
 * The functions of `Deno` themselves are replaced, so a call is recorded wherever in the program it is made.
 *
 * @module
 */

/** A call that changes what is on a disk, or what survives a power failure. */
export interface DiskCall {
  /** `sync` is fsync or fdatasync of a file or of a directory. */
  readonly action: "lock" | "write" | "truncate" | "sync" | "rename" | "remove";
  /** The path that the file was opened at, or the old name of a rename. */
  readonly path: string;
  /** The new name of a rename. */
  readonly to?: string;
}

/** Callbacks of {@linkcode observeDisk}. */
export interface DiskObserver {
  /** Called before a call; if it throws, the call isn't made and fails with that error. */
  readonly before?: (call: DiskCall) => void;
  /** Called after a call succeeded. If it throws, the caller sees a failure although the disk has changed. */
  readonly after?: (call: DiskCall) => void;
}

// deno-lint-ignore no-explicit-any -- functions of any signature are wrapped
type AnyFunction = (...args: any[]) => any;
type Describe = (self: object, args: readonly unknown[]) => DiskCall | undefined;

/** Observes the calls of this process until it is disposed. One observer at a time. */
export function observeDisk({ before, after }: DiskObserver): Disposable {
  const paths = new WeakMap<object, string>();
  const restores: (() => void)[] = [];

  function replace(owner: object, name: string, wrap: (original: AnyFunction) => AnyFunction): void {
    const original: unknown = Reflect.get(owner, name);
    // `tryLockSync` is missing in older runtimes.
    if (typeof original !== "function") return;
    Reflect.set(owner, name, wrap(original as AnyFunction));
    restores.push(() => Reflect.set(owner, name, original));
  }

  function watch(owner: object, name: string, describe: Describe): void {
    replace(owner, name, (original) =>
      function (this: object, ...args: unknown[]): unknown {
        const call = describe(this, args);
        if (call === undefined) return original.apply(this, args);
        const isAsync = !name.endsWith("Sync");
        try {
          before?.(call);
        } catch (error) {
          if (isAsync) return Promise.reject(error);
          throw error;
        }
        const result = original.apply(this, args);
        if (isAsync) return result.then((value: unknown) => (after?.(call), value));
        // A lock that is taken by another process isn't a change.
        if (result !== false) after?.(call);
        return result;
      });
  }

  const remember = (file: Deno.FsFile, path: string | URL) => {
    paths.set(file, String(path));
    return file;
  };
  replace(Deno, "openSync", (open) => (path, options) => remember(open(path, options), path));
  replace(Deno, "open", (open) => async (path, options) => remember(await open(path, options), path));
  const ofFile = (action: DiskCall["action"]): Describe => (file) => {
    const path = paths.get(file);
    return path === undefined ? undefined : { action, path };
  };
  const ofPath = (action: DiskCall["action"]): Describe => (_, [path]) => ({ action, path: String(path) });
  const file = Deno.FsFile.prototype;
  for (const name of ["write", "writeSync"]) watch(file, name, ofFile("write"));
  for (const name of ["truncate", "truncateSync"]) watch(file, name, ofFile("truncate"));
  for (const name of ["sync", "syncSync", "syncData", "syncDataSync"]) watch(file, name, ofFile("sync"));
  for (const name of ["lock", "lockSync", "tryLock", "tryLockSync"]) watch(file, name, ofFile("lock"));
  for (const name of ["writeFile", "writeFileSync", "writeTextFile", "writeTextFileSync"]) {
    watch(Deno, name, ofPath("write"));
  }
  for (const name of ["remove", "removeSync"]) watch(Deno, name, ofPath("remove"));
  for (const name of ["rename", "renameSync"]) {
    watch(Deno, name, (_, [from, to]) => ({ action: "rename", path: String(from), to: String(to) }));
  }
  return {
    [Symbol.dispose]() {
      for (const restore of restores.reverse()) restore();
    },
  };
}

/** A call as one line: `rename a -> b`, with paths below `root`. Random names are replaced by `*`. */
export function formatCall({ action, path, to }: DiskCall, root: string): string {
  const short = (name: string) => {
    const below = name === root ? "." : name.startsWith(`${root}/`) ? name.slice(root.length + 1) : name;
    return below.replace(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "*");
  };
  return to === undefined ? `${action} ${short(path)}` : `${action} ${short(path)} -> ${short(to)}`;
}

/** Records calls below `root` as lines, each once in a row; a call that fails ends with `: failed`. */
export class DiskLog implements Disposable {
  /** What was called so far. Tests may add lines of their own. */
  readonly lines: string[] = [];
  readonly #observation: Disposable;

  /**
   * @param root the directory whose files are recorded
   * @param fail returns the error that a call is to fail with
   */
  constructor(root: string, fail: (line: string) => Error | undefined = () => undefined) {
    this.#observation = observeDisk({
      before: (call) => {
        const line = formatCall(call, root);
        const error = fail(line);
        if (error === undefined) return;
        this.lines.push(`${line}: failed`);
        throw error;
      },
      after: (call) => {
        const line = formatCall(call, root);
        if (call.action !== "lock" && this.lines.at(-1) !== line) this.lines.push(line);
      },
    });
  }

  [Symbol.dispose](): void {
    this.#observation[Symbol.dispose]();
  }
}

/** The error that the runtime throws when a disk fails. */
export function diskFailure(): Error {
  return Object.assign(new Error("Input/output error (os error 5)"), { code: "EIO" });
}
