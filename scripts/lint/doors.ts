/**
 * The doors of the house: what touches the outside, and the few places where it may be used. A new place is a new
 * line here, with its reason.
 *
 * @module
 */

/** Something that only a few places may use. */
export interface Door {
  /** `Deno.x`, a global, a module, or `.method()`. A `*` at the end takes all that begins so. */
  readonly names: readonly string[];
  /** Files, or folders with a slash at the end, from the root of the repository. */
  readonly open: readonly string[];
  /** Why it is shut elsewhere, for the message. */
  readonly why: string;
}

const TERMINAL = ["main.ts", "src/cli/"];

/** All doors. */
export const DOORS: readonly Door[] = [
  {
    names: ["console.*", "Deno.stdin*", "Deno.stdout*", "Deno.stderr*", "alert", "confirm", "prompt"],
    open: TERMINAL,
    why: "only cli talks to the terminal; the library never prints",
  },
  {
    names: [
      "Deno.env",
      "Deno.args",
      "Deno.exit",
      "Deno.exitCode",
      "Deno.addSignalListener",
      "Deno.removeSignalListener",
      "Deno.chdir",
      "Deno.consoleSize",
    ],
    open: TERMINAL,
    why: "only cli knows the environment, the arguments and the exit code; pass the value in",
  },
  {
    names: ["fetch", "Deno.createHttpClient"],
    open: ["src/http/transport.ts"],
    why: "all requests go through the transport, which guards redirects and credentials",
  },
  {
    names: ["node:crypto", "crypto.subtle"],
    open: ["src/base/hash.ts"],
    why: "hashing is loaded in one place, when it is wanted",
  },
  { names: ["node:zlib"], open: ["src/compress/"], why: "compression has one room" },
  {
    names: ["node:fs"],
    open: ["src/store/usage.ts", "src/unpack/fs/deno_fs.ts"],
    why: "only for what the runtime has no call for: statfs, and owners and times of links",
  },
  { names: ["node:*"], open: [], why: "the runtime's own APIs do; node's modules cost start-up time" },
  { names: ["Deno.dlopen"], open: ["src/unpack/fs/libc.ts"], why: "foreign code is called in one file" },
  {
    names: ["Deno.Command"],
    open: ["src/credentials/program.ts"],
    why: "only credential helpers are programs that we run",
  },
  {
    names: ["Deno.rename", "Deno.renameSync"],
    open: ["src/store/fs/fs.ts", "src/base/files.ts", "src/grpc/socket/unix_socket.ts"],
    why: "a rename commits something and needs its syncs around it (grpc renames its socket)",
  },
  {
    names: [
      ".sync()",
      ".syncSync()",
      ".syncData()",
      ".syncDataSync()",
      ".lock()",
      ".lockSync()",
      ".tryLock()",
      ".tryLockSync()",
      ".unlock()",
      ".unlockSync()",
    ],
    open: ["src/store/fs/fs.ts", "src/base/files.ts"],
    why: "durability and locks between processes are decided in one file",
  },
  {
    names: [".pipe()"],
    open: [],
    why: "a failing source under pipe() ends the process; use a loop, or pipeline()",
  },
];

/** Whether a door is open for a file. Tests and scripts may use all but what is open to nobody. */
export function isOpen(door: Door, path: string): boolean {
  if (door.open.some((place) => place.endsWith("/") ? path.startsWith(place) : path === place)) return true;
  return door.names[0] !== ".pipe()" && !isProduct(path);
}

/** Whether a file is part of the program, and not of its tests or scripts. */
export function isProduct(path: string): boolean {
  return path === "main.ts" || (path.startsWith("src/") && !isTestFile(path));
}

/** Whether a file under `src` belongs to the tests: `*_test.ts`, and their helpers `test_*.ts` and `*_fake.ts`. */
export function isTestFile(path: string): boolean {
  return /(?:_test|_fake|\/test_[^/]*)\.ts$/.test(path);
}

/** The door that a name belongs to. A name of its own beats one with a `*`. */
export function doorOf(name: string): Door | undefined {
  return DOORS.find((door) => door.names.includes(name)) ??
    DOORS.find((door) => door.names.some((n) => n.endsWith("*") && name.startsWith(n.slice(0, -1))));
}
