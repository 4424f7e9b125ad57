import { assertEquals } from "../../../tests/assert.ts";
import { encodeResetStream, FrameType } from "../../http2/frame/frame.ts";
import { dataFrame, NOTHING } from "../../http2/test_client.ts";
import { Health } from "./health.ts";
import { callFrame, framed, resultOf, withService } from "../test_caller.ts";
import { lengthField } from "../wire/wire.ts";

const CHECK = "/grpc.health.v1.Health/Check";
const WATCH = "/grpc.health.v1.Health/Watch";

Deno.test("Health.Check returns the status of the server and of services, and refuses unknown ones", async () => {
  const health = new Health();
  health.set("a.A", "not_serving");
  await withService({ methods: health.methods() }, async ({ connect }) => {
    using client = await connect();
    const cases: [service: string, code: number, status: number[]][] = [
      ["", 0, [8, 1]],
      ["a.A", 0, [8, 2]],
      ["b.B", 5, []],
    ];
    for (const [i, [service, code, status]] of cases.entries()) {
      const id = 2 * i + 1;
      await client.send(callFrame(id, CHECK), dataFrame(id, framed(lengthField(1, service))));
      const result = await resultOf(client, id);
      assertEquals([result.code, [...result.messages[0] ?? []]], [code, status]);
    }
  });
});

Deno.test("Health.Watch sends each change, and ends at stop()", async () => {
  const health = new Health();
  await withService({ methods: health.methods() }, async ({ connect, server }) => {
    using client = await connect();
    const status = async () => (await client.nextOf(FrameType.data))?.payload.at(-1);
    await client.send(callFrame(1, WATCH), dataFrame(1, framed(lengthField(1, "a.A"))));
    assertEquals(await status(), 3);
    // A watch that the client resets must end, too.
    await client.send(callFrame(3, WATCH), dataFrame(3, framed(NOTHING)));
    assertEquals(await status(), 1);
    await client.send(encodeResetStream(3, 8));
    health.set("a.A", "serving");
    assertEquals(await status(), 1);
    health.stop();
    assertEquals(await status(), 2);
    assertEquals((await resultOf(client, 1)).code, 0);
    assertEquals(server.activeCalls, 0);
  });
});
