// Criclient drives dray's socket with the client library that crictl, critest and the kubelet share, and with plain
// grpc-go and raw connections where that library can't be used. It prints a line per check, and exits with 1 if one
// of them fails.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	internalapi "k8s.io/cri-api/pkg/apis"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	remote "k8s.io/cri-client/pkg"
)

var (
	socket   = flag.String("socket", "", "dray's socket")
	large    = flag.String("large", "", "the socket of a dray whose list of images has about 15 MB")
	open     = flag.String("open", "", "a registry that wants no credentials")
	private  = flag.String("private", "", "a registry with the same images that wants credentials")
	slow     = flag.String("slow", "", "a registry that takes many seconds for t/slow:1")
	user     = flag.String("user", "", "the user of the private registry")
	password = flag.String("password", "", "its password")
	only     = flag.String("only", "", "run the checks whose names begin so")
)

var failures int

// failure is the value that must() panics with.
type failure struct{ text string }

func must(ok bool, format string, args ...any) {
	if !ok {
		panic(failure{fmt.Sprintf(format, args...)})
	}
}

func noError(err error, what string) {
	must(err == nil, "%s: %v", what, err)
}

func check(name string, run func(ctx context.Context)) {
	if *only != "" && (len(name) < len(*only) || name[:len(*only)] != *only) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	start := time.Now()
	defer func() {
		if r := recover(); r != nil {
			f, ok := r.(failure)
			if !ok {
				panic(r)
			}
			failures++
			fmt.Printf("FAIL %s: %s\n", name, f.text)
			return
		}
		fmt.Printf("ok   %s (%d ms)\n", name, time.Since(start).Milliseconds())
	}()
	run(ctx)
}

func imageClient(ctx context.Context, path string, streaming bool) internalapi.ImageManagerService {
	client, err := remote.NewRemoteImageService(ctx, "unix://"+path, 5*time.Second, nil, streaming)
	noError(err, "connect")
	return client
}

func spec(image string) *runtimeapi.ImageSpec {
	return &runtimeapi.ImageSpec{Image: image}
}

// clear removes every image.
func clear(ctx context.Context, client internalapi.ImageManagerService) {
	images, err := client.ListImages(ctx, nil)
	noError(err, "list")
	for _, image := range images {
		noError(client.RemoveImage(ctx, spec(image.Id)), "remove")
	}
}

func main() {
	flag.Parse()
	rules()
	credentials()
	stress()
	raw()
	if failures > 0 {
		fmt.Printf("%d checks failed\n", failures)
		os.Exit(1)
	}
}
