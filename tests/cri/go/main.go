// Criclient tests dray's socket with the client library that crictl, critest and the kubelet share, and with grpc-go and
// raw connections where that library isn't sufficient. It prints one line per check. The exit code is 1 if a check fails.
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	internalapi "k8s.io/cri-api/pkg/apis"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	remote "k8s.io/cri-client/pkg"
)

var (
	socket   = flag.String("socket", "", "dray's socket")
	large    = flag.String("large", "", "the socket of a dray whose list of images has about 15 MB")
	open     = flag.String("open", "", "a registry that needs no credentials")
	private  = flag.String("private", "", "a registry with the same images that needs credentials")
	slow     = flag.String("slow", "", "a registry that takes many seconds for t/slow:1")
	user     = flag.String("user", "", "the user of the private registry")
	password = flag.String("password", "", "the password of the private registry")
	only     = flag.String("only", "", "run only the checks whose names have this prefix")
	seed     = flag.Uint64("seed", rand.Uint64(), "the seed of the random bytes")
)

var failures int

// failure is the value with which must panics.
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
	fmt.Printf("seed %d\n", *seed)
	rules()
	credentials()
	stress()
	raw()
	if failures > 0 {
		fmt.Printf("%d checks failed\n", failures)
		os.Exit(1)
	}
}
