/**
 * The calls of RuntimeService that clients make before they use the image service. dray runs no containers.
 *
 * @module
 */
import type { CriApi } from "../protocol/api.ts";

/** The reason why the runtime isn't ready. */
const IMAGE_SERVICE_ONLY = {
  reason: "ImageServiceOnly",
  message: "dray serves only images; containers and pod networks are provided by the container runtime",
} as const;

/** Returns the response of `Version`. `version` is the version of the kubelet's runtime API, which is always 0.1.0. */
export function versionResponse(
  api: CriApi,
  version: string,
): { version: string; runtimeName: string; runtimeVersion: string; runtimeApiVersion: string } {
  return { version: "0.1.0", runtimeName: "dray", runtimeVersion: version, runtimeApiVersion: api };
}

/** Returns the response of `Status`. Its conditions are false: a kubelet must not use dray as its container runtime. */
export function statusResponse(info: Readonly<Record<string, string>>): {
  status: { conditions: { type: string; status: boolean; reason: string; message: string }[] };
  info: Record<string, string>;
} {
  return {
    status: {
      conditions: ["RuntimeReady", "NetworkReady"].map((type) => ({
        type,
        status: false,
        ...IMAGE_SERVICE_ONLY,
      })),
    },
    info: { ...info },
  };
}

/** Returns the message for a call of an unknown method. */
export function unknownMethodMessage(path: string): string {
  const service = path.split("/")[1] ?? "";
  if (!/^runtime\.v1(alpha2)?\.RuntimeService$/.test(service)) {
    return `Cannot call "${path}": unknown method`;
  }
  return `Cannot call "${path}": dray is an image service and runs no containers`;
}
