package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func basic(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
}

func dial(path string, more ...grpc.DialOption) *grpc.ClientConn {
	options := append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithAuthority("localhost"),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(16 << 20)),
	}, more...)
	conn, err := grpc.NewClient("passthrough:///"+path, options...)
	noError(err, "dial")
	return conn
}

// parallel runs work n times in parallel and fails with the first error.
func parallel(n int, work func(i int) error) {
	errs := make([]error, n)
	var wait sync.WaitGroup
	for i := range n {
		wait.Add(1)
		go func() {
			defer wait.Done()
			errs[i] = work(i)
		}()
	}
	wait.Wait()
	for i, err := range errs {
		must(err == nil, "call %d of %d: %v", i, n, err)
	}
}

func stress() {
	one := *open + "/t/one:1"
	list := func(ctx context.Context, conn *grpc.ClientConn) error {
		_, err := runtimeapi.NewImageServiceClient(conn).ListImages(ctx, &runtimeapi.ListImagesRequest{})
		return err
	}
	check("stress: deadlines of 1 ms", func(ctx context.Context) {
		client := imageClient(ctx, *socket, false)
		defer client.Close(ctx)
		clear(ctx, client)
		for range 20 {
			short, cancel := context.WithTimeout(ctx, time.Millisecond)
			ref, err := client.PullImage(short, spec(*slow+"/t/slow:1"), nil, nil)
			cancel()
			must(status.Code(err) == codes.DeadlineExceeded && ref == "", "code is %v, ref %q", status.Code(err), ref)
		}
	})
	check("stress: each call of a shared pull has its own deadline", func(ctx context.Context) {
		client := imageClient(ctx, *socket, false)
		defer client.Close(ctx)
		clear(ctx, client)
		parallel(4, func(i int) error {
			own, cancel := context.WithTimeout(ctx, time.Duration(300*(i+1))*time.Millisecond)
			defer cancel()
			start := time.Now()
			_, err := client.PullImage(own, spec(*slow+"/t/slow:1"), nil, nil)
			took := time.Since(start).Milliseconds()
			if status.Code(err) != codes.DeadlineExceeded || took > int64(300*(i+1)+250) {
				return fmt.Errorf("after %d ms: %v", took, err)
			}
			return nil
		})
	})
	check("stress: cancelled pulls leave no image, and the next one works", func(ctx context.Context) {
		client := imageClient(ctx, *socket, false)
		defer client.Close(ctx)
		for range 10 {
			own, cancel := context.WithCancel(ctx)
			time.AfterFunc(50*time.Millisecond, cancel)
			_, err := client.PullImage(own, spec(*slow+"/t/slow:1"), nil, nil)
			must(status.Code(err) == codes.Canceled, "code is %v", status.Code(err))
		}
		must(get(ctx, client, *slow+"/t/slow:1") == nil, "an incomplete image is listed")
		pull(ctx, client, one)
	})
	check("stress: a response of 15 MB", func(ctx context.Context) {
		conn := dial(*large)
		defer conn.Close()
		for range 3 {
			response, err := runtimeapi.NewImageServiceClient(conn).ListImages(ctx, &runtimeapi.ListImagesRequest{})
			noError(err, "list")
			must(proto.Size(response) > 14_000_000, "the response has %d bytes", proto.Size(response))
		}
		parallel(8, func(int) error { return list(ctx, conn) })
	})
	check("stress: 200 parallel calls on one connection", func(ctx context.Context) {
		conn := dial(*socket)
		defer conn.Close()
		for range 5 {
			parallel(200, func(int) error { return list(ctx, conn) })
		}
	})
	check("stress: 1500 parallel calls on one connection", func(ctx context.Context) {
		conn := dial(*socket)
		defer conn.Close()
		parallel(1500, func(int) error { return list(ctx, conn) })
	})
	check("stress: 50 connections", func(ctx context.Context) {
		parallel(50, func(int) error {
			conn := dial(*socket)
			defer conn.Close()
			for range 20 {
				if err := list(ctx, conn); err != nil {
					return err
				}
			}
			return nil
		})
	})
	check("stress: identical parallel pulls", func(ctx context.Context) {
		client := imageClient(ctx, *socket, false)
		defer client.Close(ctx)
		clear(ctx, client)
		parallel(50, func(int) error {
			_, err := client.PullImage(ctx, spec(one), nil, nil)
			return err
		})
	})
	check("stress: parallel pulls and removals of one image", func(ctx context.Context) {
		client := imageClient(ctx, *socket, false)
		defer client.Close(ctx)
		parallel(40, func(i int) error {
			if i%2 == 0 {
				return client.RemoveImage(ctx, spec(one))
			}
			_, err := client.PullImage(ctx, spec(one), nil, nil)
			return err
		})
		pull(ctx, client, one)
		must(get(ctx, client, one) != nil, "the image isn't listed")
	})
	check("stress: keep-alive pings", func(ctx context.Context) {
		conn := dial(*socket, grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: 10 * time.Second, Timeout: time.Second, PermitWithoutStream: true,
		}))
		defer conn.Close()
		noError(list(ctx, conn), "list")
		// The client library sends at most one ping per 10 s.
		time.Sleep(11 * time.Second)
		noError(list(ctx, conn), "list after a ping")
	})
}
