import { assertEquals } from "../../../tests/assert.ts";
import { type AddressKind, bareHost, isInNetwork, kindOfHost, parseIp, parseNetwork } from "./addresses.ts";

const IPS: readonly (readonly [text: string, want: string | undefined])[] = [
  ["1.2.3.4", "1,2,3,4"],
  ["01.2.3.4", undefined],
  ["1.2.3", undefined],
  ["1.2.3.256", undefined],
  ["", undefined],
  ["a.b.c.d", undefined],
  ["::", "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0"],
  ["::1", "0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,1"],
  ["1::", "0,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0"],
  ["1:2:3:4:5:6:7:8", "0,1,0,2,0,3,0,4,0,5,0,6,0,7,0,8"],
  ["fe80::1%eth0", "254,128,0,0,0,0,0,0,0,0,0,0,0,0,0,1"],
  ["::ffff:1.2.3.4", "1,2,3,4"],
  ["::ffff:102:304", "1,2,3,4"],
  ["1:2:3:4:5:6:7", undefined],
  ["1:2:3:4:5:6:7:8:9", undefined],
  ["1:2:3:4::5:6:7:8", undefined],
  ["1::2::3", undefined],
  [":1", undefined],
  ["12345::", undefined],
  ["1.2.3.4::", undefined],
  ["reg:5000", undefined],
];

Deno.test("parseIp() parses addresses and nothing else", async (t) => {
  for (const [text, want] of IPS) {
    await t.step(text || "(empty)", () => assertEquals(parseIp(text)?.join(), want));
  }
});

Deno.test("isInNetwork() compares the bits of the prefix", async (t) => {
  const cases = [
    ["10.0.0.0/8", "10.255.0.1", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["10.0.0.0/9", "10.127.0.1", true],
    ["10.0.0.0/9", "10.128.0.1", false],
    ["1.2.3.4/32", "1.2.3.4", true],
    ["1.2.3.4/32", "1.2.3.5", false],
    ["0.0.0.0/0", "1.2.3.4", true],
    ["0.0.0.0/0", "::1", false],
    ["::/0", "::1", true],
    ["::ffff:10.0.0.0/104", "10.1.1.1", true],
    ["fc00::/7", "fdff::", true],
  ] as const;
  for (const [network, ip, isIn] of cases) {
    await t.step(`${ip} in ${network}: ${isIn}`, () => {
      const [parsed, address] = [parseNetwork(network), parseIp(ip)];
      assertEquals(parsed !== undefined && address !== undefined && isInNetwork(address, parsed), isIn);
    });
  }
  for (
    const text of ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "a/8", "::/129", "10.0.0.0/-1"]
  ) {
    await t.step(`${text} isn't a network`, () => assertEquals(parseNetwork(text), undefined));
  }
});

Deno.test("kindOfHost() returns the kind without resolving names", async (t) => {
  const cases: readonly (readonly [host: string, kind: AddressKind])[] = [
    ["reg.example:5000", "public"],
    ["8.8.8.8", "public"],
    ["[2606:4700::1]:443", "public"],
    ["LOCALHOST:5000", "loopback"],
    ["localhost.", "loopback"],
    ["x.localhost", "loopback"],
    ["localhost.example", "public"],
    ["127.1.2.3:80", "loopback"],
    ["[::1]", "loopback"],
    ["[::ffff:127.0.0.1]:5000", "loopback"],
    ["172.31.255.255", "private"],
    ["172.32.0.0", "public"],
    ["[fd00::1]", "private"],
    ["169.254.169.254", "link-local"],
    ["168.63.129.16", "link-local"],
    ["168.63.129.17", "public"],
    ["0.0.0.0", "reserved"],
    ["255.255.255.255", "reserved"],
    ["[::]", "reserved"],
    ["[2002:7f00:1::]", "reserved"],
  ];
  for (const [host, kind] of cases) {
    await t.step(`${host}: ${kind}`, () => assertEquals(kindOfHost(host), kind));
  }
});

Deno.test("bareHost() removes the port, brackets and the final dot", () => {
  assertEquals(["A.b:1", "[::1]:1", "[::1]", "::1", "a.b."].map(bareHost), [
    "a.b",
    "::1",
    "::1",
    "::1",
    "a.b",
  ]);
});
