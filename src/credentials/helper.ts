/**
 * Credential helper programs: `docker-credential-NAME get|store|erase`, with text or JSON on their pipes
 * (docker-credential-helpers, "Credential store protocol").
 *
 * @module
 */
import { abortScope } from "../base/concurrency/abort.ts";
import { AppError } from "../base/errors.ts";
import type { Credential } from "../content/credential.ts";
import { asString, optional } from "../oci/json.ts";
import { accessError } from "./access.ts";
import { parseSecretJson } from "./config_file.ts";
import { dockerKeyOf } from "./keys.ts";
import { type ProgramOutput, runProgram } from "./program.ts";

/** A helper may prompt for the password of a keychain, so this is long. */
const HELPER_TIMEOUT_MS = 60_000;

/** Helpers print this with exit status 1 if they have no credentials for the registry. */
const NOT_FOUND = "credentials not found in native keychain";

/** The user name that marks the secret as an identity token. */
const TOKEN_USER = "<token>";

/** The maximum length of a helper's output in a message, in characters. */
const QUOTE_MAX_LENGTH = 300;

/** How credential helpers are run. */
export interface CredentialHelperOptions {
  /** Environment variables for the helpers, in addition to those of this process. @default {{}} */
  readonly env?: Readonly<Record<string, string>>;
  /** Time after which a helper that hasn't exited is killed, in milliseconds. @default {60_000} */
  readonly timeout?: number;
}

/** A helper program: its name in the configuration, such as `pass`, and the file that names it. */
export interface Helper {
  readonly name: string;
  /** For messages: `credsStore of /root/.docker/config.json`. */
  readonly namedBy: string;
}

/** The helper's program and the file that names it, as the source of a credential. */
export function sourceOfHelper(helper: Helper): string {
  return `${programOf(helper)} (${helper.namedBy})`;
}

/**
 * Gets a credential from a helper; undefined if it has none.
 *
 * @param name the registry, or a namespace of it: `HOST[:PORT][/NAMESPACE…]`
 * @throws AppError `unauthorized` if the helper fails, `invalid_content` if its output violates the protocol,
 * `permission_denied`, `deadline_exceeded`, or the signal's reason
 */
export async function getFromHelper(
  helper: Helper,
  name: string,
  options: CredentialHelperOptions,
  signal: AbortSignal,
): Promise<Credential | undefined> {
  const output = await call(helper, "get", dockerKeyOf(name), options, signal);
  if (isNotFound(output)) return undefined;
  if (!output.success) throw helperFailed(helper, "get", output);
  const where = `the output of "${programOf(helper)}"`;
  const fields = parseSecretJson(new TextEncoder().encode(output.stdout), where);
  const username = optional(fields.Username, `${where}, "Username"`, asString) ?? "";
  const secret = optional(fields.Secret, `${where}, "Secret"`, asString) ?? "";
  if (username === TOKEN_USER) return secret === "" ? undefined : { kind: "refresh", token: secret };
  return username === "" ? undefined : { kind: "basic", username, password: secret };
}

/**
 * Stores a credential in a helper.
 *
 * @throws AppError as {@linkcode getFromHelper}, and `unsupported` for a bearer token, which the protocol
 * doesn't support
 */
export async function storeInHelper(
  helper: Helper,
  name: string,
  credential: Credential,
  options: CredentialHelperOptions,
  signal: AbortSignal,
): Promise<void> {
  if (credential.kind === "bearer") {
    throw new AppError(
      "unsupported",
      `Cannot store a registry token in "${programOf(helper)}": the helper protocol doesn't support it`,
    );
  }
  const [Username, Secret] = credential.kind === "refresh"
    ? [TOKEN_USER, credential.token]
    : [credential.username, credential.password];
  const input = JSON.stringify({ ServerURL: dockerKeyOf(name), Username, Secret });
  const output = await call(helper, "store", input, options, signal);
  if (!output.success) throw helperFailed(helper, "store", output, Secret);
}

/**
 * Removes a credential from a helper.
 *
 * @returns whether there was one
 * @throws AppError as {@linkcode getFromHelper}
 */
export async function eraseFromHelper(
  helper: Helper,
  name: string,
  options: CredentialHelperOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const output = await call(helper, "erase", dockerKeyOf(name), options, signal);
  if (isNotFound(output)) return false;
  if (!output.success) throw helperFailed(helper, "erase", output);
  return true;
}

async function call(
  helper: Helper,
  action: "get" | "store" | "erase",
  input: string,
  { env = {}, timeout = HELPER_TIMEOUT_MS }: CredentialHelperOptions,
  signal: AbortSignal,
): Promise<ProgramOutput> {
  const program = programOf(helper);
  using scope = abortScope(signal);
  const timer = setTimeout(() => {
    scope.abort(
      new AppError(
        "deadline_exceeded",
        `Cannot ${action} credentials with "${program}", named by ${helper.namedBy}: it did not end within ` +
          `${
            timeout / 1000
          } s; run it by hand to see whether it waits for input, or remove it from that file`,
      ),
    );
  }, timeout);
  try {
    return await runProgram(program, [action], input, scope.signal, env);
  } catch (error) {
    if (scope.signal.aborted) throw error;
    const message = `Cannot ${action} credentials with "${program}", named by ${helper.namedBy}`;
    if (error instanceof Deno.errors.NotFound) {
      throw new AppError("unauthorized", `${message}: no such program in PATH`, {
        cause: error,
      });
    }
    throw accessError(error, message, `--allow-run=${program}`);
  } finally {
    clearTimeout(timer);
  }
}

/** Rejects names with a slash: a file of passwords must not run arbitrary programs by their path. */
function programOf({ name, namedBy }: Helper): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.+-]*$/.test(name)) {
    throw new AppError(
      "invalid_content",
      `Cannot use the credential helper "${name}" of ${namedBy}: it must be a name without a path`,
    );
  }
  return `docker-credential-${name}`;
}

function isNotFound({ success, stdout, stderr }: ProgramOutput): boolean {
  return !success && (stdout.includes(NOT_FOUND) || stderr.includes(NOT_FOUND));
}

function helperFailed(helper: Helper, action: string, output: ProgramOutput, secret?: string): AppError {
  const text = quote(output, secret);
  return new AppError(
    "unauthorized",
    `Cannot ${action} credentials with "${programOf(helper)}", named by ${helper.namedBy}: ${
      text === "" ? "it failed without a message" : `it printed "${text}"`
    }`,
  );
}

/**
 * Helpers print errors to either stream. Output that looks like JSON may contain a secret and is never
 * quoted.
 */
function quote({ stdout, stderr }: ProgramOutput, secret: string | undefined): string {
  let text = stderr.trim() || (stdout.includes("{") ? "" : stdout.trim());
  if (secret) text = text.replaceAll(secret, "REDACTED");
  // deno-lint-ignore no-control-regex -- a program must not control the terminal
  return text.replace(/[\0-\x1f\x7f-\x9f]+/g, " ").slice(0, QUOTE_MAX_LENGTH);
}
