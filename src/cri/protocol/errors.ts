/**
 * Errors as CRI clients expect them.
 *
 * @module
 */
import { redactName } from "../../base/redact.ts";
import { AppError, isCode, messageOf } from "../../base/errors.ts";
import { type RpcStatus, StatusCode, statusOf } from "../../grpc/wire/status.ts";
import { formatReference, parseReference } from "../../oci/reference.ts";

/**
 * A kubelet recognises this prefix, but only with the code Unknown, because it removes only that code from the message
 * (`ErrRegistryUnavailable` in Kubernetes, `pkg/kubelet/images`).
 */
const REGISTRY_UNAVAILABLE = "RegistryUnavailable: ";

/** Returns the status for an exception of a handler. */
export function criStatusOf(error: unknown): RpcStatus {
  const status = statusOf(error);
  // The operator must correct a file of the server; dataLoss would mean that the image is damaged.
  const isFile = error instanceof AppError && "configFile" in error.details;
  if (isFile && isCode(error, "invalid_content", "unsupported")) {
    return { code: StatusCode.failedPrecondition, message: status.message };
  }
  if (!isCode(error, "network")) return status;
  return { code: StatusCode.unknown, message: REGISTRY_UNAVAILABLE + status.message };
}

/** Returns the error for a request without an image; the message is containerd's. */
export function noImageError(): AppError {
  return new AppError("invalid_argument", "no image specified");
}

/**
 * Parses the name of an image to pull, and returns it with all defaults.
 *
 * @throws AppError `invalid_argument`, with the message of containerd
 */
export function pullName(text: string): string {
  if (text === "") throw noImageError();
  try {
    return formatReference(parseReference(text));
  } catch (cause) {
    if (!isCode(cause, "invalid_argument", "unsupported")) throw cause;
    // The message must not contain the user and password of a URL.
    const redact = (message: string) => message.replace(/\/\/[^/\s"]*@/g, "//REDACTED@");
    throw new AppError(
      "invalid_argument",
      `failed to parse image reference "${redact(redactName(text))}": ${redact(messageOf(cause))}`,
      { cause },
    );
  }
}
