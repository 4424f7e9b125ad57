import { assertEquals } from "../../tests/assert.ts";
import { serve } from "./test_servers.ts";
import { createTransport } from "./transport.ts";
import { serverMessage } from "./server_message.ts";
import { neverAborted } from "../base/abort.ts";

const CASES: readonly (readonly [body: string, type: string, want: string])[] = [
  ['{"errors":[{"code":"DENIED","message":"not yours"}]}', "application/json", "not yours"],
  ['{"errors":[{"code":"DENIED"},{"message":"b"},5,null]}', "application/json", "DENIED; b"],
  ['{"errors":[]}', "application/json", ""],
  ['{"details":"incorrect username or password"}', "application/json", "incorrect username or password"],
  ['{"error":"invalid_grant","error_description":"too old"}', "application/json", "too old"],
  ['{"error":"invalid_grant"}', "application/json", "invalid_grant"],
  ['{"message":{"a":1}}', "application/json", ""],
  ["[1]", "application/json", ""],
  ["plain words\r\n", "text/plain", "plain words"],
  ["<html><body>Bad gateway</body></html>", "text/html", ""],
  ["  <?xml?><Error/>", "application/xml", ""],
  ["a\u001b[2Jb\u0007c", "text/plain", "a [2Jb c"],
  ["x".repeat(400), "text/plain", `${"x".repeat(300)}…`],
  ["", "text/plain", ""],
];

Deno.test("serverMessage() finds what is meant for people, in one line", async (t) => {
  for (const [body, type, want] of CASES) {
    await t.step(body.slice(0, 40) || "(empty)", async () => {
      await using server = serve(() =>
        new Response(body, { status: 400, headers: { "content-type": type } })
      );
      const transport = createTransport();
      using response = await transport.send({ method: "GET", url: server.url, headers: {} }, neverAborted());
      assertEquals(await serverMessage(response), want);
      transport.close();
    });
  }
});
