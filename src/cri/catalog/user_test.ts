import { assertEquals } from "../../../tests/assert.ts";
import { type ImageUser, parseImageUser } from "./user.ts";

Deno.test("parseImageUser() distinguishes ids from names, and ignores the group", async (t) => {
  const cases: readonly (readonly [user: string | undefined, want: ImageUser])[] = [
    [undefined, {}],
    ["", {}],
    [":1000", {}],
    ["0", { uid: 0n }],
    ["1002", { uid: 1002n }],
    ["1003:users", { uid: 1003n }],
    ["www-data", { username: "www-data" }],
    ["www-data:group", { username: "www-data" }],
    ["9223372036854775807", { uid: 9223372036854775807n }],
    ["9223372036854775808", { username: "9223372036854775808" }],
    ["-1", { uid: -1n }],
    ["0x10", { username: "0x10" }],
  ];
  for (const [user, want] of cases) {
    await t.step(`"${user}"`, () => assertEquals(parseImageUser(user), want));
  }
});
