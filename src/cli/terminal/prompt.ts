/**
 * Prompts for user names and passwords.
 *
 * Not `promptSecret` of @std/cli: it reads synchronously, so a signal can't cancel it, and it writes to
 * standard output, which carries only results.
 *
 * @module
 */
import { abortable } from "../../base/concurrency/abort.ts";
import { readAll } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import type { Io } from "./io.ts";

/** Tokens of cloud registries have a few thousand characters. */
const PASSWORD_MAX_BYTES = 64 * 1024;

const ENTER = new Set([0x0a, 0x0d, 0x04]);
const BACKSPACE = new Set([0x08, 0x7f]);
const CTRL_C = 0x03;

/**
 * Reads a password from standard input, which is not a terminal: everything except one final line break.
 *
 * @throws AppError `invalid_argument` if it is empty, `limit_exceeded`
 */
export async function readPassword(io: Io): Promise<string> {
  const bytes = await readAll(io.stdin, PASSWORD_MAX_BYTES, "the password from standard input");
  const password = new TextDecoder().decode(bytes).replace(/\r?\n$/, "");
  if (password !== "") return password;
  throw new AppError("invalid_argument", "Cannot read the password: standard input is empty");
}

/**
 * Prompts on the terminal and reads one line. The input is echoed unless it is `secret`.
 *
 * @param question what to enter: `Password`
 * @throws AppError `invalid_argument` if standard input is not a terminal, or the signal's reason
 */
export async function promptLine(
  io: Io,
  question: string,
  echo: "shown" | "secret",
  signal: AbortSignal,
): Promise<string> {
  if (!io.stdin.isTerminal) {
    throw new AppError(
      "invalid_argument",
      `Cannot prompt for the ${question.toLowerCase()}: standard input is not a terminal; ` +
        "use --username and --password-stdin",
    );
  }
  io.stderr.write(`${question}: `);
  if (echo === "shown") return await readLine(io, () => {}, signal);
  io.stdin.setRaw(true);
  try {
    return await readLine(io, (byte) => {
      // In raw mode the terminal sends no SIGINT for Ctrl-C.
      if (byte === CTRL_C) throw new DOMException("Interrupted", "AbortError");
    }, signal);
  } finally {
    io.stdin.setRaw(false);
    io.stderr.write("\n");
  }
}

async function readLine(io: Io, onByte: (byte: number) => void, signal: AbortSignal): Promise<string> {
  const bytes: number[] = [];
  const buffer = new Uint8Array(1024);
  for (;;) {
    // A pending read of a terminal can't be cancelled; the process exits while it is pending.
    const n = await abortable(io.stdin.read(buffer), signal);
    for (const byte of buffer.subarray(0, n ?? 0)) {
      onByte(byte);
      if (ENTER.has(byte)) return decodeBytes(bytes);
      if (BACKSPACE.has(byte)) removeLastCharacter(bytes);
      else bytes.push(byte);
    }
    if (n === null) return decodeBytes(bytes);
  }
}

function decodeBytes(bytes: readonly number[]): string {
  return new TextDecoder().decode(new Uint8Array(bytes));
}

/** Removes all bytes of the last UTF-8 character. */
function removeLastCharacter(bytes: number[]): void {
  let last = bytes.pop();
  while (last !== undefined && (last & 0xc0) === 0x80) last = bytes.pop();
}
