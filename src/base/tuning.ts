/**
 * Every number that decides how fast bytes are transferred, with the measurement that chose it.
 *
 * `bench ARGS` in a comment is the command that measures the number again:
 * `deno run -A scripts/bench.ts --every ARGS --tune NAME=VALUE,VALUE --runs 9` compares dray with other values.
 * Workloads: A (1 blob of 1 GiB), B (10 of 100 MiB), C (60 of 1 MiB), D (300 of 20 KiB), E (`/usr`, 500 MB,
 * unpacked), F (an image that is already stored), S (1 of 128 MiB). Networks: `loopback`, `tls`, `rtt20` and
 * `rtt100` (round trips of 20 and 100 ms), `slow` (20 MB/s per connection), `link20` and `link100` (20 MB/s
 * in total). Results are medians in seconds: "A 1.45 to 1.20" means before and after the change. "Not measured" means that no measurement of
 * this number by itself has been recorded. The prototype is the client that was written to choose the design.
 *
 * @module
 */
import { KIB, MIB } from "./bytes.ts";

// Size groups, and workers per group

/**
 * Bytes. Transfers up to this size fit into one read, and their requests are pipelined. Not measured: chosen
 * as a size that takes little more than a round trip. `bench --only D --networks loopback,rtt20,rtt100`
 */
export const PIPELINED_MAX_BYTES = 64 * KIB;
/**
 * Bytes. Transfers up to this size spend their time on round trips and syncs, so more of them run in
 * parallel. Not measured: raised from 1 MiB to 4 MiB without a recorded result.
 * `bench --only C --networks loopback,rtt20`
 */
export const LATENCY_BOUND_MAX_BYTES = 4 * MIB;
/**
 * Workers for transfers up to PIPELINED_MAX_BYTES. 128 instead of 64 was part of the change that also raised
 * PIPELINE_CONNECTIONS_MAX and PIPELINE_DEPTH: D at 20 ms 0.83 to 0.60. `bench --only D --networks rtt20`
 */
export const PIPELINED_WORKERS = 128;
/**
 * Workers for transfers up to LATENCY_BOUND_MAX_BYTES. In the prototype of the client 16 to 24 were fastest.
 * `bench --only C --networks loopback,rtt20`
 */
export const LATENCY_BOUND_WORKERS = 16;
/** Workers for larger transfers, if the user sets no number. Not measured. `bench --only B` */
export const LARGE_WORKERS = 6;
/**
 * Transfers that start per turn of the event loop. Creating 128 files first, at a quarter of a millisecond
 * each, delayed the first request by 57 to 70 ms; with 8 per turn D at 20 ms 0.93 to 0.67, on loopback 0.70
 * to 0.64, together with using preconnected connections. `bench --only D --networks loopback,rtt20`
 */
export const STAGGERED_START_STEP = 8;

// Adaptive concurrency (adaptive_concurrency.ts)

/**
 * Milliseconds over which throughput is measured. As in the prototype; see GROWTH_RATIO.
 * `bench --only BS --networks slow`
 */
export const RATE_WINDOW_MS = 250;
/**
 * Ratio. More workers are added while total throughput grows by at least this much. S at 20 MB/s per
 * connection took 2.15 in the prototype, and takes 1.93 (tools with one connection 6.7); other ratios weren't
 * measured. `bench --only S --networks slow`
 */
export const GROWTH_RATIO = 1.25;
/**
 * Ratio between two windows below which throughput counts as steady. Not measured.
 * `bench --only B --networks slow,rtt100`
 */
export const STEADY_RATIO = 1.1;
/**
 * Workers for large transfers, at most. With up to 10 instead of 6, B at 100 ms 6.3 to 3.9, at 20 MB/s per
 * connection 10.7 to 6.1. `bench --only B --networks rtt100,slow`
 */
export const LARGE_WORKERS_MAX = 10;
/**
 * Bytes per second per worker above which no large transfer is added. Not measured: chosen as fast enough.
 * `bench --only B --networks loopback,slow`
 */
export const LARGE_WORKER_MAX_RATE = 50_000_000;
/**
 * Milliseconds to the first response after which a host counts as distant, and gets LARGE_WORKERS_MAX
 * immediately. Not measured by itself: chosen between the 20 and 100 ms of the networks; see
 * LARGE_WORKERS_MAX. `bench --only B --networks rtt20,rtt100`
 */
export const DISTANT_HOST_MS = 60;

// One large transfer over several connections

/**
 * Ratio of the bytes of all transfers. A larger transfer may use several connections. Not measured: chosen as
 * the size that determines the total time. `bench --only E --networks slow`
 */
export const PARALLEL_MIN_SHARE = 0.5;
/**
 * Bytes per second. Below this rate of one connection several may be faster. 250 MB/s instead of 80: A at 20
 * ms 5.6 to 3.6. `bench --only A --networks rtt20`
 */
export const PARALLEL_MAX_RATE = 250_000_000;
/**
 * Ratio between two windows below which one connection's throughput has stopped rising. Not measured.
 * `bench --only A --networks rtt20,rtt100`
 */
export const PARALLEL_STEADY_RATIO = 1.3;
/**
 * Bytes per range request, at most: ranges wait in memory. 2 MiB saved 17 MB and made A at 100 ms 3 % slower.
 * `bench --only A --networks rtt100`
 */
export const RANGE_MAX_BYTES = 4 * MIB;
/**
 * Bytes per range request, at least. Not measured: shorter ranges cost more requests than they save memory.
 * `bench --only S --networks slow`
 */
export const RANGE_MIN_BYTES = 2 * MIB;
/**
 * Bytes, apart from those of the probe, that must be left to use several connections. Not measured: less
 * isn't worth the connections. `bench --only S --networks slow`
 */
export const PARALLEL_MIN_BYTES = 3 * RANGE_MAX_BYTES;
/**
 * Seconds of download that must be left: new connections need part of one to reach their throughput. Not
 * measured: chosen for E at 20 ms. `bench --only E --networks rtt20`
 */
export const PARALLEL_MIN_SECONDS = 1;
/**
 * Multiple of the latency that a range takes to download, so that waiting for responses costs little. A
 * change that also derived the number of workers and the windows from the latency, and that made the probe
 * longer: A at 100 ms 27.8 to 11.1.
 * `bench --only A --networks rtt100`
 */
export const RANGE_LATENCIES = 16;
/**
 * Multiple of one connection's throughput that the first workers should reach. Not measured by itself; see
 * RANGE_LATENCIES. `bench --only A --networks rtt100`
 */
export const RANGE_WORKERS_FIRST_GAIN = 2;
/** Workers for ranges, at most. As in the prototype; see GROWTH_RATIO. `bench --only S --networks slow` */
export const RANGE_WORKERS_MAX = 8;
/**
 * Windows without growth after which no worker is added. Not measured.
 * `bench --only S --networks slow,link20`
 */
export const RANGE_WINDOWS_WITHOUT_GROWTH = 2;
/**
 * Round trips per window of the ranges. Bytes arrive in one burst per round trip. Not measured by itself; see
 * RANGE_LATENCIES. `bench --only A --networks rtt100`
 */
export const RANGE_WINDOW_ROUND_TRIPS = 4;
/** Milliseconds per window of the ranges, at most. Not measured. `bench --only A --networks rtt100` */
export const RANGE_WINDOW_MAX_MS = 1000;
/**
 * Ratio of its throughput that the first connection must keep beside the probe. Without a probe a saturated
 * link lost 4 to 12 % to range requests, with it 1 %; other ratios weren't measured.
 * `bench --only S --networks link20,link100`
 */
export const PROBE_KEPT_RATIO = 0.8;
/**
 * Bytes of the probe that aren't compared: a new connection takes some round trips to reach its throughput.
 * Not measured. `bench --only A --networks rtt100`
 */
export const PROBE_WARMUP_BYTES = 2 * MIB;
/**
 * Round trips over which the probe compares. A comparison of a single burst was wrong in one of two or three
 * runs of A at 100 ms. `bench --only A --networks rtt100`
 */
export const PROBE_COMPARE_ROUND_TRIPS = 4;
/** Milliseconds over which the probe compares, at least. Not measured. `bench --only S --networks slow` */
export const PROBE_COMPARE_MIN_MS = 100;
/**
 * Milliseconds over which the probe compares, at most: 4 round trips of 100 ms.
 * `bench --only A --networks rtt100`
 */
export const PROBE_COMPARE_MAX_MS = 400;
/** Bytes of the probe, at least. Not measured. `bench --only S --networks slow` */
export const PROBE_MIN_BYTES = 4 * MIB;
/**
 * Bytes of the probe, at most: they wait in memory. Enough for 4 round trips of 100 ms.
 * `bench --only A --networks rtt100`
 */
export const PROBE_MAX_BYTES = 16 * MIB;

// Failures and slow hosts: limits that were chosen, not measured. Tests check their effect.

/** Bytes. If connections of a host fail twice in sequence after fewer bytes, other hosts are tried first. */
export const SHORT_ATTEMPT_BYTES = MIB;
/** Milliseconds before the second attempt; doubled for each further one. */
export const RETRY_FIRST_MS = 200;
/** Milliseconds between two attempts, at most. */
export const RETRY_MAX_MS = 10_000;
/** Attempts per request, if the user sets no number. Attempts that deliver new bytes don't count. */
export const ATTEMPTS = 5;
/** Retries after a response that is probably final: another server behind the same name may be right. */
export const DOUBTFUL_RETRIES = 2;
/** Downloads of content that doesn't match its digest; the last one avoids ranges. */
export const CORRUPT_DOWNLOADS = 3;
/** Milliseconds that a host may demand to wait, if the user sets no number. */
export const RETRY_AFTER_MAX_MS = 60_000;
/** Milliseconds to wait after a rate limit that names no time; doubled for each further one. */
export const RATE_LIMIT_FIRST_MS = 1_000;
/** Milliseconds of that wait, at most: a host that requires more names a time. */
export const RATE_LIMIT_MAX_MS = 10_000;
/** Fraction of a pause within which the paused transfers resume, each at a random time. */
export const RESUME_SPREAD_RATIO = 0.1;
/** Milliseconds within which they resume, at most. */
export const RESUME_SPREAD_MAX_MS = 2_000;
/** Milliseconds for which a mirror that timed out is tried last: longer than most pulls. */
export const MIRROR_SKIP_MS = 30 * 60_000;
/** Bytes per second below which a transfer is stalled, if the user sets no number. */
export const STALL_MIN_RATE = KIB;
/** Milliseconds over which that rate is measured, if the user sets no number. */
export const STALL_WINDOW_MS = 30_000;
/** Steps of the sliding stall window; a stall is detected up to one step late. */
export const STALL_WINDOW_STEPS = 30;
/** Milliseconds without the next byte after which one connection replaces parallel ranges. */
export const RANGE_STALL_MS = 5_000;
/** Steps after which a connection that was fast is stalled: 5 s by default, longer than TCP needs after a loss. */
export const FAST_STALL_STEPS = 5;
/** Ratio of its earlier throughput below which it is: more than STALL_MIN_RATE only above 1 MB/s. */
export const FAST_STALL_RATIO = 0.001;
/** Bytes per second that this ratio demands, at most. */
export const FAST_STALL_MAX_RATE = 64 * KIB;
/** Bytes after which a connection's throughput is known: more than buffers hold. */
export const FAST_STALL_MIN_BYTES = 256 * KIB;
/** Milliseconds over which the progress of another writer of a blob is measured: longer than most retries. */
export const WRITER_PATIENCE_MS = 10_000;
/** Bytes per second that it must write. A hostile host can keep STALL_MIN_RATE for days. */
export const WRITER_MIN_RATE = 64 * KIB;
/** Milliseconds by which a timer may be late before the process counts as blocked. */
export const TIMER_LATE_MS = 1_000;
/** Milliseconds to connect and to receive a response head, if the user sets no number. */
export const HEAD_TIMEOUT_MS = 30_000;

// Buffers

/**
 * Bytes of the buffer between connection and file. In the prototype (A 1.18) larger reads gained nothing, and
 * writes of 1 MiB cost up to ten times the system time. `bench --only A --networks loopback`
 */
export const COPY_BUFFER_BYTES = 256 * KIB;
/**
 * Idle buffers of that size to keep. Reuse was part of a change that took C from 0.34 to 0.26.
 * `bench --only C --networks loopback`
 */
export const COPY_IDLE_BUFFERS = 16;
/**
 * Idle buffers of PIPELINED_MAX_BYTES to keep. Their reuse, and hashing in place, took D from 80 to 72 MB.
 * `bench --only D --networks loopback`
 */
export const PIPELINED_IDLE_BUFFERS = 32;
/** Bytes of the buffer for bytes that are skipped. Not measured. */
export const SKIP_BUFFER_BYTES = 64 * KIB;

// HTTP/1.1 connections

/**
 * Connections to open while the first response of a pull is on its way. Not measured by itself.
 * `bench --only C --networks rtt20,tls`
 */
export const PRECONNECT_FIRST = 4;
/**
 * Milliseconds before they are opened: a host that responds sooner also connects as fast. Not measured.
 * `bench --only C --networks loopback`
 */
export const PRECONNECT_DELAY_MS = 5;
/**
 * Bytes of a first response above which PIPELINE_CONNECTIONS_MAX connections are opened: the initial
 * congestion window (RFC 6928). STAGGERED_START_STEP has the measurement of requests that use them.
 * `bench --only D --networks rtt20`
 */
export const INITIAL_WINDOW_BYTES = 14_600;
/**
 * Connections for pipelined requests to one host. D with 6, 12, 24, 36, 64 and 128: 0.74, 0.70, 0.65 to 0.67,
 * 0.67, 0.66 and 0.65. `bench --only D --networks loopback,rtt20`
 */
export const PIPELINE_CONNECTIONS_MAX = 24;
/**
 * Requests on one connection. With more, a lost connection costs more than they gain. The prototype used 4 to
 * 8: D at 20 ms 0.50, at 100 ms 1.19 (crane 2.2 and 8.9). `bench --only D --networks rtt20,rtt100`
 */
export const PIPELINE_DEPTH = 8;
/**
 * Milliseconds of latency up to which requests aren't pipelined: they gained nothing in the prototype.
 * `bench --only D --networks loopback,rtt20`
 */
export const PIPELINE_MIN_LATENCY_MS = 5;
/** Bytes that a pipelined response may have beyond its expected size, for errors. Not measured. */
export const PIPELINE_SLACK_BYTES = 16 * KIB;
/** Bytes of the buffer of a pipelined response: PIPELINED_MAX_BYTES + PIPELINE_SLACK_BYTES. */
export const PIPELINE_BUFFER_BYTES = PIPELINED_MAX_BYTES + PIPELINE_SLACK_BYTES;
/** Idle buffers of that size to keep. Not measured by itself. `bench --only D --networks loopback` */
export const PIPELINE_IDLE_BUFFERS = 32;
/** Bytes per second that a connection with pipelined requests must receive. Not measured. */
export const PIPELINE_MIN_RATE = STALL_MIN_RATE;
/** Times per timeout that this rate is checked. Not measured. */
export const PIPELINE_RATE_CHECKS = 4;
/**
 * Small requests in parallel over the runtime's client, which opens a connection for each. Not measured.
 * `bench --only D --networks loopback`
 */
export const FETCH_SMALL_REQUESTS = 16;
/** Milliseconds to connect to one address, before the runtime's client tries all of them. Not measured. */
export const CONNECT_MAX_MS = 3_000;
/**
 * Milliseconds that an idle connection is kept. Not measured: most servers close idle connections after a
 * minute or more.
 */
export const IDLE_CONNECTION_MAX_MS = 30_000;
/**
 * Milliseconds of uptime below which idle connections aren't closed by a timer: the first `setTimeout` costs
 * 8 ms. A pull of a stored image 75 to 71 ms. `bench --only F --networks loopback`
 */
export const IDLE_SWEEP_MIN_UPTIME_MS = 1_000;
/** Bytes to read together with a response head. Not measured. `bench --only D --networks loopback` */
export const CONNECTION_BUFFER_BYTES = 32 * KIB;
/** Bytes of the reused buffer for requests. Not measured. `bench --only D --networks loopback` */
export const REQUEST_BUFFER_BYTES = 2 * KIB;
/**
 * Bytes of one read from which on another read follows. The runtime returns one TLS record (14 to 16 KiB) per
 * read. Joining reads: A over TLS 2.29 to 2.08, B 2.32 to 2.16; no change without TLS.
 * `bench --only AB --networks tls`
 */
export const COALESCE_MIN_READ_BYTES = 8 * KIB;
/** Bytes after which no further read is joined. Not measured. `bench --only A --networks tls` */
export const COALESCE_MAX_BYTES = COPY_BUFFER_BYTES;
/** Milliseconds after which no further read is joined, for measuring throughput. Not measured. */
export const COALESCE_MAX_MS = 10;
/** Bytes of an unwanted response to read, so that its connection can be reused. Not measured. */
export const DRAIN_MAX_BYTES = 16 * KIB;
/** Milliseconds to do so: a new connection costs about as much. Not measured. */
export const DRAIN_MAX_MS = 500;

// Hashing, writing and decompressing

/**
 * Number of transfers from which hashing code is loaded in advance, however small they are: loading it takes
 * 20 ms, and hashing without it 0.03 ms more per transfer. The number itself isn't measured.
 * `bench --only D`
 */
export const PRELOAD_HASH_MIN_COUNT = 600;
/**
 * Milliseconds without a response after which hashing code is loaded; that blocks everything else for 19 ms.
 * Not measured. `bench --only CF --networks loopback,rtt20`
 */
export const PRELOAD_HASH_AFTER_MS = 8;
/**
 * Bytes. Content up to this size is hashed in one piece unless the code for streams is loaded, which takes 19
 * ms. One-piece hashing up to 1 MiB: C 0.331 to 0.326, over TLS 0.48 to 0.44, and 16 MiB more memory.
 * `bench --only C --networks loopback,tls`
 */
export const HASH_IN_MEMORY_MAX_BYTES = 256 * KIB;
/** Bytes per read when a file is hashed. Not measured. */
export const HASH_READ_BYTES = 256 * KIB;
/** Bytes per read when a file is hashed synchronously. Not measured. */
export const HASH_SYNC_READ_BYTES = 64 * KIB;
/**
 * Bytes. Files of at least this size are hashed by a thread that reads them back: A 1.45 to 1.20, B 1.64 to
 * 1.27. The size isn't measured. `bench --only AB --networks loopback`
 */
export const HASH_THREAD_MIN_BYTES = 16 * MIB;
/**
 * Bytes written per message to that thread; each message costs 0.1 ms. The number itself isn't measured.
 * `bench --only A --networks loopback`
 */
export const HASH_THREAD_STEP_BYTES = 4 * MIB;
/**
 * Bytes per read of that thread: more than fits into a core's fastest cache was slower.
 * `bench --only A --networks loopback`
 */
export const HASH_THREAD_READ_BYTES = 128 * KIB;
/**
 * Bytes per write. With 256 KiB the kernel allocates memory in larger pieces, which is slow on virtual
 * machines that return unused memory to their host: A took 1.3 or 3.1, and takes 1.4 with 64 KiB; B 2.07 to
 * 1.40. `bench --only AB --networks loopback`
 */
export const WRITE_MAX_BYTES = 64 * KIB;
/**
 * Bytes between two syncs of a growing file: 0.33 s less for A. 16 MiB, or one sync at the end, were no
 * better for B. `bench --only AB --networks loopback`
 */
export const SYNC_STEP_BYTES = 32 * MIB;
/**
 * Bytes. Unfinished writes up to this size have no state file beside their data, unless they fail. After a
 * kill they are resumed without it: the file name has the digest, which is checked at the end. 2 MiB instead
 * of 256 KiB, with hashing code loaded later and reused buffers: C 0.34 to 0.26, 69 to 65 MB.
 * `bench --only C --networks loopback`
 */
export const STATELESS_WRITE_MAX_BYTES = 2 * MIB;
/**
 * Bytes of archives between two syncs of the file system while they are unpacked. Not measured by itself.
 * `bench --only E --networks loopback`
 */
export const FILESYSTEM_SYNC_STEP_BYTES = 64 * MIB;
/**
 * Bytes. Archives of at least this size are decompressed by a thread. Not measured: starting one takes 40 to
 * 50 ms. `bench --only E --networks loopback`
 */
export const DECODE_THREAD_MIN_BYTES = MIB;
/**
 * Threads that decompress gzip; other formats use one. 2 instead of 1: E in gzip 3.11 to 2.87, and 16 MB more
 * memory. `bench --only E --networks loopback`
 */
export const DECODE_THREADS_MAX = 2;
