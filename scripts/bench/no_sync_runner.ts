/**
 * The program of `no_sync.ts`: measures a command whose sync calls succeed immediately without effect, and prints the
 * sample as JSON. The only argument is the command, as JSON. Needs Linux on x86_64 or aarch64.
 *
 * It uses a seccomp(2) filter instead of LD_PRELOAD, because dray calls syncfs(2) through a handle of the C library
 * itself, which LD_PRELOAD doesn't affect.
 *
 * @module
 */
import { measure } from "./measure.ts";

interface Machine {
  /** AUDIT_ARCH of linux/audit.h. */
  readonly arch: number;
  /** The number of seccomp(2). */
  readonly seccomp: number;
  /** The numbers of sync, fsync, fdatasync, sync_file_range and syncfs. */
  readonly syncs: readonly number[];
}

const MACHINES: Readonly<Record<string, Machine>> = {
  x86_64: { arch: 0xc000003e, seccomp: 317, syncs: [162, 74, 75, 277, 306] },
  aarch64: { arch: 0xc00000b7, seccomp: 277, syncs: [81, 82, 83, 84, 267] },
};

// linux/filter.h and linux/seccomp.h.
const LOAD_WORD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
const ALLOW = 0x7fff0000;
/** SECCOMP_RET_ERRNO with errno 0: the call is skipped and succeeds. */
const SUCCEED = 0x00050000;
const OFFSET_NUMBER = 0;
const OFFSET_ARCH = 4;
const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_SET_MODE_FILTER = 1n;
/** Applies the filter to all threads, because any of them may start the program. */
const SECCOMP_FILTER_FLAG_TSYNC = 1n;

/** Returns the BPF program. Each instruction: code, instructions to skip if true, to skip if false, value. */
function filterFor({ arch, syncs }: Machine): Uint8Array<ArrayBuffer> {
  const instructions = [
    [LOAD_WORD, 0, 0, OFFSET_ARCH],
    [JUMP_IF_EQUAL, 0, syncs.length + 1, arch],
    [LOAD_WORD, 0, 0, OFFSET_NUMBER],
    ...syncs.map((number, i) => [JUMP_IF_EQUAL, syncs.length - i, 0, number]),
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, SUCCEED],
  ];
  const view = new DataView(new ArrayBuffer(8 * instructions.length));
  for (const [i, [code = 0, yes = 0, no = 0, value = 0]] of instructions.entries()) {
    view.setUint16(8 * i, code, true);
    view.setUint8(8 * i + 2, yes);
    view.setUint8(8 * i + 3, no);
    view.setUint32(8 * i + 4, value, true);
  }
  return new Uint8Array(view.buffer);
}

/** Skips all sync calls of this process and of the processes that it starts later. */
function skipSyncs(): void {
  const machine = MACHINES[Deno.build.arch];
  if (Deno.build.os !== "linux" || machine === undefined) {
    throw new Error("no seccomp filter for this machine");
  }
  const libc = Deno.dlopen("libc.so.6", {
    prctl: { parameters: ["i32", "u64", "u64", "u64", "u64"], result: "i32" },
    syscall: { parameters: ["i64", "u64", "u64", "buffer"], result: "i64" },
    fsync: { parameters: ["i32"], result: "i32" },
    syncfs: { parameters: ["i32"], result: "i32" },
  });
  try {
    const filter = filterFor(machine);
    const program = new DataView(new ArrayBuffer(16));
    program.setUint16(0, filter.length / 8, true);
    program.setBigUint64(8, Deno.UnsafePointer.value(Deno.UnsafePointer.of(filter)), true);
    // Otherwise only root may set a filter.
    libc.symbols.prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n);
    libc.symbols.syscall(
      BigInt(machine.seccomp),
      SECCOMP_SET_MODE_FILTER,
      SECCOMP_FILTER_FLAG_TSYNC,
      new Uint8Array(program.buffer),
    );
    // File descriptor -1 is invalid, so the calls succeed only if the filter skips them.
    const results = [libc.symbols.fsync(-1), libc.symbols.syncfs(-1)];
    if (results.some((result) => result !== 0)) {
      throw new Error("the kernel does not support the seccomp filter");
    }
  } finally {
    libc.close();
  }
}

if (import.meta.main) {
  try {
    skipSyncs();
    console.log(JSON.stringify(await measure(JSON.parse(Deno.args[0] ?? ""))));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exitCode = 1;
  }
}
