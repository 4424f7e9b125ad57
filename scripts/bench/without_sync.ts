/**
 * A program for `no_sync.ts`: measures a command, given as JSON, whose syncs the kernel answers with success at once,
 * and prints the sample as JSON.
 *
 * A filter of system calls (seccomp(2)) does it, and not a library that is loaded before the C library: dray calls
 * syncfs(2) by way of a handle of the C library itself, where no other library comes between.
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
/** An error with the number 0: success, and the call isn't made. */
const SUCCEED = 0x00050000;
const OFFSET_NUMBER = 0;
const OFFSET_ARCH = 4;
const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_SET_MODE_FILTER = 1n;
/** For all threads: which of them starts programs is the runtime's business. */
const SECCOMP_FILTER_FLAG_TSYNC = 1n;

/** Each instruction: a code, how many to skip if so and if not, a value. */
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

/** Holds back all syncs of this process and of those that it starts from now on. */
function holdSyncs(): void {
  const machine = MACHINES[Deno.build.arch];
  if (Deno.build.os !== "linux" || machine === undefined) throw new Error("no filter for this machine");
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
    // Without it only root may set a filter.
    libc.symbols.prctl(PR_SET_NO_NEW_PRIVS, 1n, 0n, 0n, 0n);
    libc.symbols.syscall(
      BigInt(machine.seccomp),
      SECCOMP_SET_MODE_FILTER,
      SECCOMP_FILTER_FLAG_TSYNC,
      new Uint8Array(program.buffer),
    );
    // There is no such file: only a call that isn't made succeeds.
    const [file, files] = [libc.symbols.fsync(-1), libc.symbols.syncfs(-1)];
    if (file !== 0 || files !== 0) throw new Error("the kernel takes no filter");
  } finally {
    libc.close();
  }
}

if (import.meta.main) {
  try {
    holdSyncs();
    console.log(JSON.stringify(await measure(JSON.parse(Deno.args[0] ?? ""))));
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    Deno.exitCode = 1;
  }
}
