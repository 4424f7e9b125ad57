/**
 * Failures as CRI clients know them.
 *
 * @module
 */
import { AppError, isCode, messageOf } from "../../base/errors.ts";
import { type RpcStatus, StatusCode, statusOf } from "../../grpc/wire/status.ts";
import { formatReference, parseReference } from "../../oci/reference.ts";

/**
 * A kubelet recognises this beginning, and only where the code is Unknown: it strips that code from the message, and
 * no other (`pkg/kubelet/images`, `ErrRegistryUnavailable`).
 */
const REGISTRY_UNAVAILABLE = "RegistryUnavailable: ";

/** The status for what a handler throws. */
export function criStatusOf(error: unknown): RpcStatus {
  const status = statusOf(error);
  if (!isCode(error, "network")) return status;
  return { code: StatusCode.unknown, message: REGISTRY_UNAVAILABLE + status.message };
}

/** The error for a request that names no image. */
export function noImageError(): AppError {
  return new AppError("invalid_argument", "no image specified");
}

/**
 * The name in full of an image to pull.
 *
 * @throws AppError `invalid_argument`, in the words that containerd has for it
 */
export function pullName(text: string): string {
  if (text === "") throw noImageError();
  try {
    return formatReference(parseReference(text));
  } catch (cause) {
    if (!isCode(cause, "invalid_argument", "unsupported")) throw cause;
    // A user and password that somebody wrote before the host must not come back in a message.
    const hide = (words: string) => words.replace(/\/\/[^/\s"]*@/g, "//REDACTED@");
    throw new AppError(
      "invalid_argument",
      `failed to parse image reference "${hide(text)}": ${hide(messageOf(cause))}`,
      { cause },
    );
  }
}
