/**
 * The registries and tools that the slower tests and the benchmark use. To add one, add a row to `TOOLS`.
 *
 * @module
 */

/** A program that `go install` builds. */
export interface GoTool {
  readonly kind: "go";
  /** The name of the program. */
  readonly name: string;
  /** The import path of its main package. */
  readonly package: string;
  readonly module: string;
  /** The version of the module. */
  readonly version: string;
  /** Why it is needed. */
  readonly use: string;
}

/** A program of a Debian package. */
export interface SystemTool {
  readonly kind: "system";
  /** The name of the program. */
  readonly name: string;
  readonly package: string;
  readonly use: string;
}

/** A row of the table. */
export type Tool = GoTool | SystemTool;

/** The table. */
export const TOOLS: readonly Tool[] = [
  go("registry", "github.com/distribution/distribution/v3", "v3.1.2", "cmd/registry", "the real registry"),
  go(
    "crane",
    "github.com/google/go-containerregistry",
    "v0.22.1",
    "cmd/crane",
    "pushes, and reads our store",
  ),
  go("regctl", "github.com/regclient/regclient", "v0.11.7", "cmd/regctl", "reads our store"),
  go("oras", "oras.land/oras", "v1.3.6", "cmd/oras", "reads our store"),
  go(
    "h2spec",
    "github.com/summerwind/h2spec",
    "v2.2.1+incompatible",
    "cmd/h2spec",
    "tests the HTTP/2 server",
  ),
  go("ghz", "github.com/bojand/ghz", "v0.121.0", "cmd/ghz", "load-tests the CRI socket"),
  go(
    "grpcurl",
    "github.com/fullstorydev/grpcurl",
    "v1.9.3",
    "cmd/grpcurl",
    "uses the reflection of the CRI socket",
  ),
  system("skopeo", "skopeo", "converts and pushes images, and reads our store"),
  system("umoci", "umoci", "reads our store"),
  system("tinyproxy", "tinyproxy-bin", "the real proxy"),
  system("dpkg-deb", "dpkg", "unpacks packages for real images"),
  system("setcap", "libcap2-bin", "sets capabilities of files"),
  system("python3", "python3", "reads unpacked trees"),
  system("zstd", "zstd", "compresses archives"),
  system("runc", "runc", "runs our bundles"),
  system("containerd", "containerd", "exports and imports archives"),
  system("ctr", "containerd", "the client of containerd"),
  system("time", "time", "measures programs in the benchmark"),
];

function go(name: string, module: string, version: string, path: string, use: string): GoTool {
  return { kind: "go", name, package: `${module}/${path}`, module, version, use };
}

function system(name: string, debianPackage: string, use: string): SystemTool {
  return { kind: "system", name, package: debianPackage, use };
}
