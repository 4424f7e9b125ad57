/**
 * A registry on loopback, in this process, that can produce every fault of real registries.
 *
 * `startRegistry()` starts one; `push` stores images built by `tests/images`; `fault` plans faults;
 * `requests` logs the requests. Dispose closes everything.
 *
 * @module
 */
export type { Chunks, ResponseBody, TestResponse } from "./response.ts";
export { basicHeader } from "../../src/registry/auth/token.ts";
export { type AuthOptions, type BasicAuth, type BearerAuth } from "./auth.ts";
export { RegistryContent } from "./content.ts";
export {
  challenge,
  compressed,
  contentLength,
  contentRange,
  cutAfter,
  digestHeader,
  drip,
  extraBytes,
  type Fault,
  garbage,
  Gate,
  hangUp,
  headers,
  holdAfter,
  missingBytes,
  noResponse,
  redirectTo,
  resetAfter,
  stallAfter,
  status,
  tooManyRequests,
  webPage,
  withoutLength,
  wrongByte,
} from "./faults.ts";
export { type LogEntry, RequestLog } from "./log.ts";
export { type FaultHandle, type FaultMatch, ignoreRange } from "./plan.ts";
export { type Pushed, type RegistryOptions, startRegistry, TestRegistry } from "./registry.ts";
export { type Exchange, TestServer } from "./server.ts";
export type { MintToken } from "./token_issuer.ts";
export { TokenServer, type TokenServerOptions } from "./token_server.ts";
export { type ConnectProxy, startConnectProxy } from "./connect_proxy.ts";
export { CAN_RESET, type ResetRelay, startResetRelay } from "./reset_relay.ts";
