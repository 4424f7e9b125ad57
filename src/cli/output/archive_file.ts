/**
 * The output of an export: a file that gets its name only once it is complete, or a pipe.
 *
 * @module
 */
import { AppError, messageOf } from "../../base/errors.ts";
import { openTempFile, type TempFile } from "../../base/system/files.ts";
import { isForeign, isWritableByAll, resolveOwnLinks } from "../../base/system/ownership.ts";
import { osErrorCode } from "../../base/system/os_errors.ts";
import type { Io } from "../terminal/io.ts";

/**
 * Opens the file that `--output` names. `-` is standard output; a device or a FIFO is written directly.
 *
 * @throws AppError `invalid_argument`, `no_space`; Deno.errors.BrokenPipe once the reader has closed the pipe
 */
export async function openOutput(path: string, { stdout }: Pick<Io, "stdout">): Promise<TempFile> {
  if (path === "-") return { ...UNCOMMITTED, write: (bytes) => stdout.writeBytes(bytes) };
  return await namingErrors(path, async () => {
    refuseForeignFifo(resolveOwnLinks(path));
    const file = await isStream(path) ? await openStream(path) : await openTempFile(path);
    return {
      write: (bytes) => namingErrors(path, () => file.write(bytes)),
      commit: () => namingErrors(path, () => file.commit()),
      [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
    };
  });
}

const UNCOMMITTED = { commit: () => Promise.resolve(), [Symbol.asyncDispose]: () => Promise.resolve() };

/** Another user may have planted a FIFO in a directory that every user may write to, to read the archive. */
function refuseForeignFifo(path: string): void {
  const slash = path.lastIndexOf("/");
  const parent = slash < 0 ? "." : path.slice(0, slash) || "/";
  const info = statIfAny(path);
  if (info?.isFifo !== true || !isForeign(info) || !isWritableByAll(Deno.statSync(parent))) return;
  throw new AppError(
    "permission_denied",
    `Cannot write "${path}": it is a FIFO of another user (uid ${info.uid}); choose another path`,
  );
}

function statIfAny(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.lstatSync(path);
  } catch {
    // Opening the path reports why.
    return undefined;
  }
}

async function isStream(path: string): Promise<boolean> {
  const info = await Deno.stat(path).catch(() => undefined);
  if (info?.isDirectory) {
    throw new AppError("invalid_argument", `Cannot write "${path}": it is a directory; choose a file`);
  }
  return info !== undefined && !info.isFile;
}

async function openStream(path: string): Promise<TempFile> {
  const file = await Deno.open(path, { write: true });
  return {
    commit: () => Promise.resolve(),
    async write(bytes) {
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(file.close()),
  };
}

/** Adds the path to errors of the operating system. */
async function namingErrors<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (
      cause instanceof AppError || cause instanceof Deno.errors.BrokenPipe ||
      cause instanceof Deno.errors.NotCapable
    ) throw cause;
    throw new AppError(codeFor(cause), `Cannot write "${path}": ${messageOf(cause)}`, { cause });
  }
}

function codeFor(cause: unknown) {
  return osErrorCode(cause) ?? (cause instanceof Deno.errors.NotFound ? "invalid_argument" : "internal");
}
