/**
 * The real parts that the slower tests use. To add one, add a line.
 *
 * @module
 */

/** A program that is built from the Go module proxy. */
export interface GoTool {
  readonly kind: "go";
  /** The name of the program. */
  readonly name: string;
  /** The package of its `main`. */
  readonly package: string;
  /** The module that `version` is of. */
  readonly module: string;
  readonly version: string;
  /** What it is here for. */
  readonly use: string;
}

/** A program of the system's packages. */
export interface SystemTool {
  readonly kind: "system";
  /** The name of the program. */
  readonly name: string;
  /** The Debian package that has it. */
  readonly package: string;
  readonly use: string;
}

/** Any of them. */
export type Tool = GoTool | SystemTool;

/** All of them. */
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
    "tries the HTTP/2 server",
  ),
  go("ghz", "github.com/bojand/ghz", "v0.121.0", "cmd/ghz", "loads the CRI socket"),
  go(
    "grpcurl",
    "github.com/fullstorydev/grpcurl",
    "v1.9.3",
    "cmd/grpcurl",
    "reads the CRI socket's reflection",
  ),
  system("skopeo", "skopeo", "converts and pushes images, and reads our store"),
  system("umoci", "umoci", "reads our store"),
  system("tinyproxy", "tinyproxy-bin", "the real proxy"),
  system("dpkg-deb", "dpkg", "unpacks the packages that real images are made of"),
  system("setcap", "libcap2-bin", "gives real files capabilities"),
  system("python3", "python3", "looks at unpacked trees"),
  system("zstd", "zstd", "compresses archives"),
  system("runc", "runc", "runs our bundles"),
  system("containerd", "containerd", "exports and imports archives"),
  system("ctr", "containerd", "its client"),
  system("time", "time", "measures in the bench"),
];

function go(name: string, module: string, version: string, path: string, use: string): GoTool {
  return { kind: "go", name, package: `${module}/${path}`, module, version, use };
}

function system(name: string, debianPackage: string, use: string): SystemTool {
  return { kind: "system", name, package: debianPackage, use };
}
