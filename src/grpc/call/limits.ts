/**
 * The limits of calls, with the attack that each limit stops.
 *
 * @module
 */
import { MIB } from "../../base/bytes.ts";

/** Limits on the messages of calls. */
export interface GrpcLimits {
  /** Decompressed bytes of one message, in either direction. Stops: endless messages; gzip bombs. */
  readonly messageBytes: number;
  /**
   * Bytes of incomplete or waiting requests, of all connections. Above the limit, the oldest one fails. Stops: many
   * large bodies that are never completed.
   */
  readonly bufferedRequestBytes: number;
  /** Requests without a response per bidirectional stream. Stops: sending requests without reading responses. */
  readonly pendingMessages: number;
}

/** The default limits. A kubelet, crictl and containerd allow 16 MiB per message. */
export const DEFAULT_GRPC_LIMITS: GrpcLimits = {
  messageBytes: 16 * MIB,
  bufferedRequestBytes: 64 * MIB,
  pendingMessages: 64,
};
