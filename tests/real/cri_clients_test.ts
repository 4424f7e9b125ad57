import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { seededRandom } from "../random.ts";
import { CriClient } from "../cri/test_service.ts";
import { run, runOk } from "./child.ts";
import { type CriRegistries, type Serving, startCriRegistries, startServing } from "./cri.ts";
import { realTest, SLOW_MS, tool, TOOLS_DIR } from "./tools.ts";

const CLIENT = new URL("../cri/grpcio_client.py", import.meta.url).pathname;

/** Runs a test with a server that has two images. */
async function withImages(
  test: (serving: Serving, registries: CriRegistries) => Promise<void>,
): Promise<void> {
  await using registries = await startCriRegistries();
  await using serving = await startServing();
  using cri = await CriClient.connect(serving.socket);
  for (const name of ["one:1", "two:1"]) await cri.pull(`${registries.open.host}/t/${name}`);
  await test(serving, registries);
}

realTest({ tools: ["registry", "python3"], timeout: SLOW_MS }, "Python's gRPC client works", async () => {
  const directory = `${TOOLS_DIR}/grpcio`;
  const env = { PYTHONPATH: directory };
  const probe = await run("python3", ["-c", "import grpc"], { env });
  if (probe.code !== 0) {
    await runOk("python3", ["-m", "pip", "install", "--quiet", "--target", directory, "grpcio"]);
  }
  await withImages(async ({ socket, server }) => {
    const { code, stdout, stderr } = await run("python3", [CLIENT, socket], { env });
    assertEquals(code, 0, `${stdout}\n${stderr}\n${server.lines.slice(-20).join("\n")}`);
  });
});

realTest({ tools: ["registry", "ghz"] }, "ghz reports no failed call", async () => {
  await withImages(async ({ socket }) => {
    for (const method of ["ListImages", "ImageFsInfo"]) {
      const report = JSON.parse(
        await runOk(tool("ghz"), [
          ...[
            "--insecure",
            "--call",
            `runtime.v1.ImageService.${method}`,
            "--total",
            "5000",
            "--concurrency",
            "50",
          ],
          ...["--connections", "5", "--format", "json", `unix://${socket}`],
        ]),
      );
      assertEquals([report.count, report.statusCodeDistribution], [5000, { OK: 5000 }], method);
    }
  });
});

realTest({ tools: ["registry", "grpcurl"] }, "grpcurl finds the services by reflection", async () => {
  await withImages(async ({ socket }) => {
    const call = (...args: readonly string[]) => runOk(tool("grpcurl"), ["-plaintext", ...args]);
    const services = await call(`unix://${socket}`, "list");
    for (const api of ["v1", "v1alpha2"]) assertStringIncludes(services, `runtime.${api}.ImageService`);
    const health = await call(`unix://${socket}`, "grpc.health.v1.Health/Check");
    assertEquals(JSON.parse(health), { status: "SERVING" });
    const described = await call(`unix://${socket}`, "describe", "runtime.v1alpha2.ImageFsInfoResponse");
    assertEquals(described.includes("container_filesystems"), false);
    for (const api of ["v1", "v1alpha2"]) {
      const { images } = JSON.parse(await call(`unix://${socket}`, `runtime.${api}.ImageService/ListImages`));
      assertEquals(images.length, 2);
    }
  });
});

/** Reads the number of open descriptors and the resident bytes of a process. */
async function heldBy(pid: number): Promise<{ readonly descriptors: number; readonly bytes: number }> {
  const descriptors = await Array.fromAsync(Deno.readDir(`/proc/${pid}/fd`));
  const [, kib = "0"] = /VmRSS:\s+(\d+)/.exec(await Deno.readTextFile(`/proc/${pid}/status`)) ?? [];
  return { descriptors: descriptors.length, bytes: Number(kib) * 1024 };
}

async function sendRaw(socket: string, bytes: Uint8Array): Promise<void> {
  try {
    using conn = await Deno.connect({ transport: "unix", path: socket });
    await conn.write(bytes);
  } catch {
    // The server may close the connection.
  }
}

realTest(
  { tools: ["registry"], timeout: SLOW_MS },
  "malformed data on the socket leaks no descriptors or memory",
  async () => {
    await withImages(async ({ socket, server }) => {
      const preface = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
      const draw = seededRandom();
      const garbage = Uint8Array.from({ length: 20_000 }, () => draw(256));
      const round = async () => {
        for (let i = 0; i < 100; i++) {
          await sendRaw(socket, garbage);
          await sendRaw(socket, preface.subarray(0, i % preface.length));
          await sendRaw(socket, new Uint8Array([...preface, ...garbage]));
          await sendRaw(socket, new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
          using cri = await CriClient.connect(socket);
          await cri.list();
        }
        // The server keeps a connection open for a second after an error.
        await new Promise((resolve) => setTimeout(resolve, 1500));
        return await heldBy(server.pid);
      };
      await round();
      const before = await round();
      for (let i = 0; i < 3; i++) await round();
      const after = await round();
      assert(
        after.descriptors <= before.descriptors,
        `${before.descriptors} -> ${after.descriptors} descriptors`,
      );
      assert(after.bytes < before.bytes + 30_000_000, `${before.bytes} -> ${after.bytes} bytes`);
    });
  },
);
