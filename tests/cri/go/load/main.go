// Load measures calls of ListImages, and contains the grpc-go server with which dray is compared.
//
//	load -serve SOCKET -response FILE [-raw]   serves the response in FILE, encoded per call or (-raw) without encoding
//	load -call SOCKET -calls N -at-once C    prints calls per second and latencies as JSON; C calls run in parallel
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"sort"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const method = "/runtime.v1.ImageService/ListImages"

type service struct {
	runtimeapi.UnimplementedImageServiceServer
	response *runtimeapi.ListImagesResponse
}

func (s *service) ListImages(context.Context, *runtimeapi.ListImagesRequest) (*runtimeapi.ListImagesResponse, error) {
	return s.response, nil
}

// rawCodec neither encodes nor decodes.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }
func (rawCodec) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}
func (rawCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(socket, file string, raw bool) {
	bytes, err := os.ReadFile(file)
	fail(err)
	listener, err := net.Listen("unix", socket)
	fail(err)
	var server *grpc.Server
	if raw {
		server = grpc.NewServer(grpc.ForceServerCodecV2(rawCodec{}), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
			var request []byte
			if err := stream.RecvMsg(&request); err != nil {
				return err
			}
			return stream.SendMsg(&bytes)
		}))
	} else {
		response := &runtimeapi.ListImagesResponse{}
		fail(proto.Unmarshal(bytes, response))
		server = grpc.NewServer()
		runtimeapi.RegisterImageServiceServer(server, &service{response: response})
	}
	fail(server.Serve(listener))
}

func call(socket string, calls, parallel int, save string) {
	conn, err := grpc.NewClient("passthrough:///x", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithAuthority("localhost"),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		}),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(rawCodec{}), grpc.MaxCallRecvMsgSize(16<<20)))
	fail(err)
	defer conn.Close()
	request := []byte{}
	one := func() []byte {
		var response []byte
		fail(conn.Invoke(context.Background(), method, &request, &response))
		return response
	}
	response := one()
	if save != "" {
		fail(os.WriteFile(save, response, 0o644))
	}
	took := make([]float64, calls)
	var wait sync.WaitGroup
	start := time.Now()
	for worker := range parallel {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := worker; i < calls; i += parallel {
				begin := time.Now()
				one()
				took[i] = float64(time.Since(begin).Microseconds()) / 1000
			}
		}()
	}
	wait.Wait()
	seconds := time.Since(start).Seconds()
	sort.Float64s(took)
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"bytes": len(response), "perSecond": float64(calls) / seconds,
		"p50": took[calls/2], "p99": took[calls*99/100],
	})
}

func main() {
	serveAt := flag.String("serve", "", "serve on this socket")
	response := flag.String("response", "", "the file with the encoded response")
	raw := flag.Bool("raw", false, "serve the bytes without encoding")
	callAt := flag.String("call", "", "call the server on this socket")
	calls := flag.Int("calls", 10000, "the number of calls")
	parallel := flag.Int("at-once", 16, "the number of parallel calls")
	save := flag.String("save", "", "write the first response to this file")
	flag.Parse()
	if *serveAt != "" {
		serve(*serveAt, *response, *raw)
	} else {
		call(*callAt, *calls, *parallel, *save)
	}
}
