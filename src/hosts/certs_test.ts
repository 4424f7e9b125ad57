import { AppError } from "../base/errors.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../tests/assert.ts";
import { directoryNames, readCertDirectory } from "./certs.ts";
import { checkPair } from "../http/tls/key_pair.ts";
import { testPem } from "../http/test_servers.ts";

/** Writes files into a new folder, and removes it at the end. */
async function folder(files: Readonly<Record<string, string>>) {
  const path = await Deno.makeTempDir({ prefix: "dray-certs-" });
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${path}/${name}`, text);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

const CA = testPem("ca.crt");
const CERT = testPem("client.crt");
const KEY = testPem("client.key");

Deno.test("A registry's folder may have these names", () => {
  assertEquals(directoryNames("reg.example"), ["reg.example"]);
  assertEquals(directoryNames("reg.example:5000"), ["reg.example_5000_", "reg.example:5000"]);
  assertEquals(directoryNames("[::1]:5000"), ["[::1]_5000_", "[::1]:5000"]);
});

Deno.test("A folder's authorities and client certificate are read", async () => {
  await using dir = await folder({
    "b.crt": CA,
    "a.crt": testPem("server.crt") + CA,
    "client.cert": CERT,
    "client.key": KEY,
    "hosts.toml": "",
    "notes.txt": "x",
  });
  const identity = await readCertDirectory(dir.path);
  assertEquals(identity?.caCerts, [testPem("server.crt") + CA, CA]);
  assertEquals(identity?.client, { cert: CERT, key: KEY });
});

Deno.test("A folder that is missing, empty or a file has no certificates", async () => {
  await using dir = await folder({ "hosts.toml": "" });
  assertEquals(await readCertDirectory(dir.path), undefined);
  assertEquals(await readCertDirectory(`${dir.path}/none`), undefined);
  assertEquals(await readCertDirectory(`${dir.path}/hosts.toml`), undefined);
});

const damaged = CA.replace(/\n[A-Za-z0-9+/]{8}/, "\nAAAAAAAA");
const BAD: readonly (readonly [files: Readonly<Record<string, string>>, file: string, says: string])[] = [
  [{ "a.cert": CERT }, "a.cert", '"a.key" is missing'],
  [{ "a.key": KEY }, "a.key", '"a.cert" is missing'],
  [{ "a.cert": CERT, "b.key": KEY }, "a.cert", '"a.key" is missing'],
  [{ "ca.crt": "" }, "ca.crt", "holds no PEM certificate"],
  [{ "ca.crt": "hello" }, "ca.crt", "holds no PEM certificate"],
  [{ "ca.crt": KEY }, "ca.crt", "holds no PEM certificate"],
  [{ "ca.crt": damaged }, "ca.crt", ""],
  [{ "a.cert": "hello", "a.key": KEY }, "a.cert", "holds no PEM certificate"],
  [{ "a.cert": CERT, "a.key": "hello" }, "a.key", "holds no PEM private key"],
  [{ "a.cert": CERT, "a.key": CERT }, "a.key", "holds no PEM private key"],
  [{ "a.cert": CERT, "a.key": testPem("server.key") }, "a.key", "is not the key of"],
  [{ "a.cert": CERT, "a.key": KEY.replaceAll("PRIVATE", "ENCRYPTED PRIVATE") }, "a.key", "is encrypted"],
  [{ "a.cert": CERT, "a.key": KEY, "b.cert": CERT, "b.key": KEY }, "b.cert", "want one client certificate"],
];

Deno.test("A certificate file that can't be used is an error that names it", async (t) => {
  for (const [files, file, says] of BAD) {
    await t.step(`${Object.keys(files).join()}: ${says || "damaged"}`, async () => {
      await using dir = await folder(files);
      const error = await assertRejects(() => readCertDirectory(dir.path));
      assert(error instanceof AppError && ["invalid_content", "unsupported"].includes(error.code));
      assertStringIncludes(error.message, `"${dir.path}/${file}"`);
      assertStringIncludes(error.message, says);
    });
  }
});

Deno.test("checkPair() tells whose key it is, for RSA and EC", async (t) => {
  for (
    const algorithm of [
      {
        name: "RSASSA-PKCS1-v1_5",
        modulusLength: 2048,
        publicExponent: Uint8Array.of(1, 0, 1),
        hash: "SHA-256",
      },
      { name: "ECDSA", namedCurve: "P-256" },
      { name: "ECDSA", namedCurve: "P-384" },
    ]
  ) {
    await t.step(JSON.stringify(algorithm.name), async () => {
      const [one, two] = [await newKeys(algorithm), await newKeys(algorithm)];
      assertEquals(checkPair(one.cert, one.key), "matches");
      assertEquals(checkPair(one.cert, two.key), "mismatch");
      // A key inside its general wrapping is the older form.
    });
  }
  assertEquals(checkPair(CERT, KEY), "matches");
});

/** The public key stands for a certificate here: that one only holds it. */
async function newKeys(algorithm: RsaHashedKeyGenParams | EcKeyGenParams) {
  const generated = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  assert("privateKey" in generated);
  const { privateKey, publicKey } = generated;
  return {
    cert: pem("CERTIFICATE", await crypto.subtle.exportKey("spki", publicKey)),
    key: pem("PRIVATE KEY", await crypto.subtle.exportKey("pkcs8", privateKey)),
  };
}

function pem(label: string, der: ArrayBuffer): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(der)));
  return `-----BEGIN ${label}-----\n${text.replace(/.{64}/g, "$&\n")}\n-----END ${label}-----\n`;
}
