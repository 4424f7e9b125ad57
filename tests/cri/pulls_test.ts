import { ImageService } from "../../src/cri/proto/runtime_pb.ts";
import { encodeFrame, FrameType } from "../../src/http2/frame/frame.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { buildImage } from "../images/mod.ts";
import { CallError, type CriClient, withCri } from "./test_service.ts";
import { gated, type GatedRemote } from "./gated_remote.ts";

const NAME = "registry.example/test:latest";
const { pullImage } = ImageService.method;

/** A service whose registry waits for the gate. */
async function withGate(
  test: (test: {
    readonly gate: GatedRemote;
    readonly connect: () => Promise<CriClient>;
    readonly lines: readonly unknown[];
  }) => Promise<void>,
): Promise<void> {
  let gate: GatedRemote | undefined;
  await withCri(async ({ fixture, connect, lines }) => {
    fixture.remote.push("latest", await buildImage());
    assert(gate !== undefined);
    using _ = gate;
    await test({ gate, connect, lines });
  }, {
    before: (fixture) => {
      gate = gated(fixture.remote);
      return Promise.resolve();
    },
    images: ({ store }) => ({ store, registry: { remote: () => (gate as GatedRemote).remote } }),
  });
}

Deno.test("equal parallel pulls run once, and all callers get the id", async () => {
  await withGate(async ({ gate, connect }) => {
    const clients = await Promise.all(Array.from({ length: 6 }, connect));
    const pulls = clients.map((cri) => cri.pull(NAME));
    await gate.untilBegun(1);
    gate.open();
    assertEquals(new Set(await Promise.all(pulls)).size, 1);
    assertEquals(gate.begun(), 1);
  });
});

Deno.test("pulls with different credentials run separately, and a refused one doesn't stop the others", async () => {
  await withGate(async ({ gate, connect }) => {
    const clients = await Promise.all(Array.from({ length: 4 }, connect));
    const auths = [undefined, { username: "ann", password: "1" }, { username: "ann", password: "2" }, {
      username: "ann",
      password: "1",
      serverAddress: "registry.example",
    }];
    const pulls = clients.map((cri, i) => {
      const auth = auths[i];
      return cri.call(pullImage, { image: { image: NAME }, ...(auth && { auth }) });
    });
    await gate.untilBegun(4);
    gate.open();
    await Promise.all(pulls);
    assertEquals(gate.begun(), 4);
  });
});

Deno.test("a caller stops at its own deadline, and the pull continues for the others", async () => {
  await withGate(async ({ gate, connect }) => {
    const [patient, hasty] = [await connect(), await connect()];
    const pull = patient.pull(NAME);
    await gate.untilBegun(1);
    const error = await assertRejects(
      () => hasty.call(pullImage, { image: { image: NAME } }, { headers: [["grpc-timeout", "20m"]] }),
      CallError,
    );
    assertEquals([error.code, gate.aborted()], [4, 0]);
    gate.open();
    await pull;
    assertEquals(gate.begun(), 1);
  });
});

Deno.test("when the last caller has left, the pull is aborted", async (t) => {
  await t.step("deadlines", () =>
    withGate(async ({ gate, connect }) => {
      const clients = await Promise.all(Array.from({ length: 3 }, connect));
      for (const cri of clients) {
        await cri.send(pullImage, { image: { image: NAME } }, { headers: [["grpc-timeout", "30m"]] });
      }
      await gate.untilAborted(1);
      assertEquals(gate.begun(), 1);
    }));
  await t.step("a reset", () =>
    withGate(async ({ gate, connect }) => {
      const cri = await connect();
      const streamId = await cri.send(pullImage, { image: { image: NAME } });
      await gate.untilBegun(1);
      await cri.client.send(encodeFrame(FrameType.resetStream, 0, streamId, Uint8Array.of(0, 0, 0, 8)));
      await gate.untilAborted(1);
    }));
  await t.step("a killed client, and the next one restarts", () =>
    withGate(async ({ gate, connect }) => {
      const cri = await connect();
      await cri.send(pullImage, { image: { image: NAME } });
      await gate.untilBegun(1);
      cri.client.conn.close();
      await gate.untilAborted(1);
      gate.open();
      const next = await connect();
      await next.pull(NAME);
      assertEquals(gate.begun(), 2);
      // Closing it a second time would throw.
      Object.defineProperty(cri, Symbol.dispose, { value: () => {} });
    }));
});

Deno.test("an image that is being pulled is not listed", async () => {
  await withGate(async ({ gate, connect }) => {
    const [puller, looker] = [await connect(), await connect()];
    const pull = puller.pull(NAME);
    await gate.untilBegun(1);
    assertEquals(await looker.list(), []);
    assertEquals(await looker.status(NAME), undefined);
    gate.open();
    await pull;
    assertEquals((await looker.list()).length, 1);
  });
});

Deno.test("names in Docker's old format are pulled from Docker Hub", async () => {
  await withCri(async ({ cri, fixture }) => {
    fixture.remote.push("latest", await buildImage());
    const id = await cri.pull("docker:ruilkyu/nginx:latest");
    assertEquals((await cri.status(id))?.repoTags, ["docker.io/ruilkyu/nginx:latest"]);
    assertEquals((await cri.status("docker:ruilkyu/nginx:latest"))?.id, id);
  });
});

Deno.test("an unknown runtime handler is refused", async () => {
  await withCri(async ({ cri, fixture }) => {
    fixture.remote.push("latest", await buildImage());
    const pull = (runtimeHandler: string) => cri.call(pullImage, { image: { image: NAME, runtimeHandler } });
    for (const handler of ["", "gvisor"]) await pull(handler);
    const error = await assertRejects(() => pull("kata"), CallError);
    assertEquals(error.code, 3);
  }, { runtimeHandlers: ["gvisor"] });
});

Deno.test("no secret of a request is in a message or in the log", async () => {
  await withCri(async ({ cri, fixture, lines }) => {
    fixture.remote.push("latest", await buildImage());
    const secrets = ["pa55word", btoa("ann:pa55word"), "1dentity", "reg1stry", "n0t-base64:"];
    const auths = [
      { username: "ann", password: "pa55word" },
      { auth: btoa("ann:pa55word") },
      { identityToken: "1dentity" },
      { registryToken: "reg1stry" },
      { auth: "n0t-base64:" },
    ];
    const said: string[] = [];
    for (const auth of auths) {
      for (const image of [NAME, "registry.example/test:none", "//bad"]) {
        await cri.call(pullImage, { image: { image }, auth }).catch((error) => said.push(String(error)));
      }
    }
    assert(said.length >= auths.length * 2);
    const all = JSON.stringify([said, lines]);
    for (const secret of secrets) assert(!all.includes(secret), secret);
  });
});

Deno.test("an error of the registry keeps its code and message", async () => {
  await withCri(async ({ cri }) => {
    const error = await assertRejects(() => cri.pull("registry.example/test:none"), CallError);
    assertEquals(error.code, 5);
    assertStringIncludes(error.message, "none");
  });
});
