package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

func rawConn() net.Conn {
	conn, err := net.Dial("unix", *socket)
	noError(err, "dial")
	return conn
}

// raw sends to the socket what no client sends, and checks that other clients are still served.
func raw() {
	alive := func(ctx context.Context) {
		client := imageClient(ctx, *socket, false)
		defer client.Close(ctx)
		_, err := client.ListImages(ctx, nil)
		noError(err, "list afterwards")
	}
	send := func(name string, bytes []byte) {
		check("raw: "+name, func(ctx context.Context) {
			for range 50 {
				conn := rawConn()
				conn.Write(bytes)
				conn.Close()
			}
			conn := rawConn()
			defer conn.Close()
			conn.Write(bytes)
			conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
			io.Copy(io.Discard, conn)
			alive(ctx)
		})
	}
	garbage := make([]byte, 64<<10)
	random := rand.New(rand.NewPCG(*seed, 0))
	for i := range garbage {
		garbage[i] = byte(random.IntN(256))
	}
	send("random bytes", garbage)
	send("random bytes after the preface", append([]byte(http2.ClientPreface), garbage...))
	send("HTTP/1.1", []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
	send("an incomplete preface", []byte(http2.ClientPreface[:10]))
	send("nothing", nil)
	check("raw: TLS hello", func(ctx context.Context) {
		conn := tls.Client(rawConn(), &tls.Config{InsecureSkipVerify: true})
		own, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		must(conn.HandshakeContext(own) != nil, "a handshake succeeded")
		conn.Close()
		alive(ctx)
	})
	check("raw: calls whose client disconnects", func(ctx context.Context) {
		for i := range 100 {
			conn := rawConn()
			begin(conn, fmt.Sprintf("/runtime.v1.ImageService/%s", []string{"ListImages", "PullImage"}[i%2]), i%3 == 0)
			conn.Close()
		}
		alive(ctx)
	})
	check("raw: clients that don't read don't block others", func(ctx context.Context) {
		conns := []net.Conn{}
		for range 20 {
			conn := rawConn()
			framer := begin(conn, "/runtime.v1.ImageService/ListImages", true)
			for id := uint32(3); id < 200; id += 2 {
				headers(framer, id, "/runtime.v1.ImageService/ListImages", true)
			}
			conns = append(conns, conn)
		}
		for range 20 {
			alive(ctx)
		}
		for _, conn := range conns {
			conn.Close()
		}
		alive(ctx)
	})
}

func begin(conn net.Conn, path string, whole bool) *http2.Framer {
	io.WriteString(conn, http2.ClientPreface)
	framer := http2.NewFramer(conn, conn)
	framer.WriteSettings()
	headers(framer, 1, path, whole)
	return framer
}

type writer struct{ bytes []byte }

func (w *writer) Write(p []byte) (int, error) {
	w.bytes = append(w.bytes, p...)
	return len(p), nil
}

func headers(framer *http2.Framer, id uint32, path string, whole bool) {
	block := &writer{}
	encoder := hpack.NewEncoder(block)
	for _, field := range [][2]string{
		{":method", "POST"}, {":scheme", "http"}, {":path", path}, {":authority", "localhost"},
		{"content-type", "application/grpc"}, {"te", "trailers"},
	} {
		encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
	}
	framer.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.bytes, EndHeaders: true})
	if whole {
		framer.WriteData(id, true, []byte{0, 0, 0, 0, 0})
	}
}
