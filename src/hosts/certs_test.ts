import { AppError } from "../base/errors.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../tests/assert.ts";
import { pem } from "../../tests/certificates/der.ts";
import { directoryNames, readCertDirectory } from "./certs.ts";
import { checkPair } from "../http/tls/key_pair.ts";
import { testPem } from "../http/test_servers.ts";

/** Creates a directory with files; disposing it removes the directory. */
async function directory(files: Readonly<Record<string, string>>) {
  const path = await Deno.makeTempDir({ prefix: "dray-certs-" });
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${path}/${name}`, text);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

const CA = testPem("ca.crt");
const CERT = testPem("client.crt");
const KEY = testPem("client.key");

Deno.test("directoryNames() returns the possible names of a registry's subdirectory", () => {
  assertEquals(directoryNames("reg.example"), ["reg.example"]);
  assertEquals(directoryNames("reg.example:5000"), ["reg.example_5000_", "reg.example:5000"]);
  assertEquals(directoryNames("[::1]:5000"), ["[::1]_5000_", "[::1]:5000"]);
});

Deno.test("readCertDirectory() reads CAs and the client certificate", async () => {
  await using dir = await directory({
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

Deno.test("readCertDirectory() returns undefined for a missing or empty directory and for a file", async () => {
  await using dir = await directory({ "hosts.toml": "" });
  assertEquals(await readCertDirectory(dir.path), undefined);
  assertEquals(await readCertDirectory(`${dir.path}/none`), undefined);
  assertEquals(await readCertDirectory(`${dir.path}/hosts.toml`), undefined);
});

const damaged = CA.replace(/\n[A-Za-z0-9+/]{8}/, "\nAAAAAAAA");
const BAD: readonly (readonly [files: Readonly<Record<string, string>>, file: string, message: string])[] = [
  [{ "a.cert": CERT }, "a.cert", '"a.key" is missing'],
  [{ "a.key": KEY }, "a.key", '"a.cert" is missing'],
  [{ "a.cert": CERT, "b.key": KEY }, "a.cert", '"a.key" is missing'],
  [{ "ca.crt": "" }, "ca.crt", "no PEM certificate found"],
  [{ "ca.crt": "hello" }, "ca.crt", "no PEM certificate found"],
  [{ "ca.crt": KEY }, "ca.crt", "no PEM certificate found"],
  [{ "ca.crt": damaged }, "ca.crt", ""],
  [{ "a.cert": "hello", "a.key": KEY }, "a.cert", "no PEM certificate found"],
  [{ "a.cert": CERT, "a.key": "hello" }, "a.key", "no PEM private key found"],
  [{ "a.cert": CERT, "a.key": CERT }, "a.key", "no PEM private key found"],
  [{ "a.cert": CERT, "a.key": testPem("server.key") }, "a.key", "doesn't match the certificate"],
  [{ "a.cert": CERT, "a.key": KEY.replaceAll("PRIVATE", "ENCRYPTED PRIVATE") }, "a.key", "is encrypted"],
  [{ "a.cert": CERT, "a.key": KEY, "b.cert": CERT, "b.key": KEY }, "b.cert", "keep one client certificate"],
];

Deno.test("The error for an unusable certificate file names it", async (t) => {
  for (const [files, file, message] of BAD) {
    await t.step(`${Object.keys(files).join()}: ${message || "damaged"}`, async () => {
      await using dir = await directory(files);
      const error = await assertRejects(() => readCertDirectory(dir.path));
      assert(error instanceof AppError && ["invalid_content", "unsupported"].includes(error.code));
      assertStringIncludes(error.message, `"${dir.path}/${file}"`);
      assertStringIncludes(error.message, message);
    });
  }
});

Deno.test("checkPair() matches keys with certificates, for RSA and EC", async (t) => {
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
    });
  }
  assertEquals(checkPair(CERT, KEY), "matches");
});

/** Generates a key pair. A bare public key serves as the certificate, of which checkPair() only uses the key. */
async function newKeys(algorithm: RsaHashedKeyGenParams | EcKeyGenParams) {
  const generated = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  assert("privateKey" in generated);
  const { privateKey, publicKey } = generated;
  return {
    cert: pem("CERTIFICATE", new Uint8Array(await crypto.subtle.exportKey("spki", publicKey))),
    key: pem("PRIVATE KEY", new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey))),
  };
}
