"""Calls dray's socket with Python's gRPC, which sends an escaped path as authority and has another core than Go's.

    python3 grpcio_client.py SOCKET

Messages are bytes: an empty request is an empty message. Prints a line per check; exits with 1 at the first
that fails.
"""

import concurrent.futures
import sys

import grpc

SOCKET = sys.argv[1]
LIST = "/runtime.v1.ImageService/ListImages"


def open_channel(**options):
    return grpc.insecure_channel(
        f"unix:{SOCKET}",
        options=[("grpc.max_receive_message_length", 16 << 20), ("grpc.use_local_subchannel_pool", 1)],
        **options,
    )


def call(channel, method, request=b"", **options):
    return channel.unary_unary(method)(request, **options)


def code_of(work):
    try:
        work()
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def check(name, ok):
    print(f"{'ok  ' if ok else 'FAIL'} {name}", flush=True)
    if not ok:
        sys.exit(1)


with open_channel() as channel:
    check("version", b"dray" in call(channel, "/runtime.v1.RuntimeService/Version"))
    listed = call(channel, LIST)
    check("list", len(listed) > 0)
    check("list, v1alpha2", call(channel, LIST.replace("v1.", "v1alpha2.")) == listed)
    streamed = b"".join(channel.unary_stream(LIST.replace("List", "Stream"))(b""))
    check("stream", streamed == listed)
    check("health", call(channel, "/grpc.health.v1.Health/Check") == b"\x08\x01")
    unknown = code_of(lambda: call(channel, "/runtime.v1.RuntimeService/RunPodSandbox"))
    check("unknown method", unknown == grpc.StatusCode.UNIMPLEMENTED)
    malformed = code_of(lambda: call(channel, LIST, b"\xff\xff"))
    check("malformed request", malformed == grpc.StatusCode.INVALID_ARGUMENT)
    # Only the client ends a watch.
    watch = code_of(lambda: list(channel.unary_stream("/grpc.health.v1.Health/Watch")(b"", timeout=0.2)))
    check("deadline", watch == grpc.StatusCode.DEADLINE_EXCEEDED)
    for _ in range(50):
        future = channel.unary_unary(LIST).future(b"")
        future.cancel()
    check("after cancels", call(channel, LIST) == listed)
    futures = [channel.unary_unary(LIST).future(b"") for _ in range(500)]
    check("500 calls at once", all(future.result() == listed for future in futures))

with open_channel(compression=grpc.Compression.Gzip) as channel:
    # An ImageFilter whose ImageSpec names something long: compressible, so that the client compresses it.
    name = b"x" * 1000
    spec = b"\x0a\xe8\x07" + name
    request = b"\x0a\xee\x07" + b"\x0a\xeb\x07" + spec
    check("compressed request", call(channel, LIST, request) == b"")


def connection(_):
    with open_channel() as channel:
        return call(channel, LIST) == listed


with concurrent.futures.ThreadPoolExecutor(50) as pool:
    check("50 connections", all(pool.map(connection, range(50))))
