import { AppError } from "../../base/errors.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../../../tests/assert.ts";
import { testPem } from "../test_servers.ts";
import { readSystemRoots } from "./tls.ts";

const CA = testPem("ca.crt").trim();
const OTHER = testPem("server.crt").trim();

Deno.test("readSystemRoots() reads the certificates of a file and of directories", async (t) => {
  const root = await Deno.makeTempDir({ prefix: "dray-roots-" });
  await Deno.mkdir(`${root}/certs/below`, { recursive: true });
  await Deno.writeTextFile(`${root}/ca.pem`, `# comment\n${CA}\n${testPem("server.key")}`);
  await Deno.writeTextFile(`${root}/certs/0a1b2c3d.0`, OTHER);
  await Deno.symlink("0a1b2c3d.0", `${root}/certs/same.pem`);
  await Deno.symlink("missing", `${root}/certs/dangling.pem`);
  await Deno.writeTextFile(`${root}/certs/README`, "no certificate");
  const file = `${root}/ca.pem`;
  const directories = [`${root}/none`, `${root}/certs`];
  await t.step("a file, without its key", async () => assertEquals(await readSystemRoots({ file }), CA));
  await t.step("a file and directories", async () => {
    assertEquals(await readSystemRoots({ file, directories }), `${CA}\n${OTHER}`);
  });
  await t.step("directories, where the file is missing", async () => {
    assertEquals(await readSystemRoots({ file: `${root}/none`, directories }), OTHER);
  });
  await t.step("only a file that is missing", async () => {
    const error = await assertRejects(() => readSystemRoots({ file: `${root}/none` }), AppError);
    assertEquals(error.code, "invalid_argument");
    assertStringIncludes(error.message, `"${root}/none"`);
    assertStringIncludes(error.message, "SSL_CERT_FILE");
  });
  await t.step("a device instead of a file", async () => {
    await assertRejects(() => readSystemRoots({ file: "/dev/zero" }), AppError, "not a file");
  });
  await Deno.remove(root, { recursive: true });
});
