/**
 * The limits of calls, with the attack that each stops.
 *
 * @module
 */
import { MIB } from "../../base/bytes.ts";

/** How much a call may carry. */
export interface GrpcLimits {
  /** Bytes of one message, in either direction, decompressed. Stops: messages without end; gzip bombs. */
  readonly messageBytes: number;
  /**
   * Bytes of requests, over all connections, that are unfinished or wait for their turn. Stops: many large bodies,
   * none of them finished.
   */
  readonly bufferedRequestBytes: number;
  /** Requests of one exchange that wait for their answer. Stops: asking much and reading nothing. */
  readonly pendingExchanges: number;
}

/** 16 MiB is what kubelet, crictl and containerd allow for a message. */
export const DEFAULT_GRPC_LIMITS: GrpcLimits = {
  messageBytes: 16 * MIB,
  bufferedRequestBytes: 64 * MIB,
  pendingExchanges: 64,
};
