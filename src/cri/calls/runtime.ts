/**
 * The three calls of RuntimeService that clients make before any other. Nothing here runs containers, and says so.
 *
 * @module
 */
import type { CriApi } from "../protocol/api.ts";

/** What stands for a runtime that isn't there. */
const IMAGE_SERVICE_ONLY = {
  reason: "ImageServiceOnly",
  message:
    "dray serves images alone: it runs no containers and no pod networks; ask the container runtime for those",
} as const;

/** Answers `Version`. The first field is the version of the kubelet's runtime API, which has only ever had one. */
export function versionResponse(
  api: CriApi,
  version: string,
): { version: string; runtimeName: string; runtimeVersion: string; runtimeApiVersion: string } {
  return { version: "0.1.0", runtimeName: "dray", runtimeVersion: version, runtimeApiVersion: api };
}

/** Answers `Status`. A kubelet that takes us for its runtime must not believe that its node is ready. */
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

/** What a client hears that calls anything else. */
export function unknownMethodMessage(path: string): string {
  const service = path.split("/")[1] ?? "";
  if (!/^runtime\.v1(alpha2)?\.RuntimeService$/.test(service)) {
    return `Cannot call "${path}": no such method is served`;
  }
  return `Cannot call "${path}": this is dray, an image service; it runs no containers`;
}
