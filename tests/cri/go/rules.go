package main

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	internalapi "k8s.io/cri-api/pkg/apis"
	runtimeapi "k8s.io/cri-api/pkg/apis/runtime/v1"
	remote "k8s.io/cri-client/pkg"
)

func codeIs(err error, want codes.Code, text string) {
	got := status.Code(err)
	must(got == want, "code is %v, want %v: %v", got, want, err)
	must(strings.Contains(err.Error(), text), "message %q lacks %q", err.Error(), text)
}

func pull(ctx context.Context, client internalapi.ImageManagerService, image string) string {
	ref, err := client.PullImage(ctx, spec(image), nil, nil)
	noError(err, "pull "+image)
	return ref
}

func get(ctx context.Context, client internalapi.ImageManagerService, image string) *runtimeapi.Image {
	response, err := client.ImageStatus(ctx, spec(image), false)
	noError(err, "status of "+image)
	return response.Image
}

// rules checks the results of each call.
func rules() {
	one, also, two, index := *open+"/t/one:1", *open+"/t/one:also", *open+"/t/two:1", *open+"/t/index:1"

	check("runtime: version, status, config", func(ctx context.Context) {
		runtime, err := remote.NewRemoteRuntimeService(ctx, "unix://"+*socket, 5*time.Second, nil, false)
		noError(err, "connect")
		version, err := runtime.Version(ctx, "v1")
		noError(err, "version")
		must(version.RuntimeName == "dray" && version.RuntimeApiVersion == "v1", "version is %v", version)
		state, err := runtime.Status(ctx, true)
		noError(err, "status")
		must(len(state.Status.Conditions) == 2, "conditions are %v", state.Status.Conditions)
		_, err = runtime.RuntimeConfig(ctx)
		noError(err, "config")
		_, err = runtime.ListContainers(ctx, nil)
		codeIs(err, codes.Unimplemented, "image service")
	})
	for _, streaming := range []bool{false, true} {
		name := map[bool]string{false: "unary", true: "streaming"}[streaming]
		check("images: pull, list, status, remove ("+name+")", func(ctx context.Context) {
			client := imageClient(ctx, *socket, streaming)
			defer client.Close(ctx)
			clear(ctx, client)
			none, err := client.ListImages(ctx, nil)
			noError(err, "list")
			must(len(none) == 0, "the store is not empty")
			id := pull(ctx, client, one)
			must(pull(ctx, client, also) == id, "two tags of one image have two ids")
			twoID := pull(ctx, client, two)
			images, err := client.ListImages(ctx, &runtimeapi.ImageFilter{})
			noError(err, "list")
			must(len(images) == 2, "%d images, want 2", len(images))
			image := get(ctx, client, one)
			must(image.Id == id && len(image.RepoTags) == 2 && len(image.RepoDigests) == 1, "status is %v", image)
			must(image.Uid != nil && image.Uid.Value == 1002 && image.Username == "", "uid is %v", image.Uid)
			must(image.Size > 0, "size is 0")
			must(image.Spec.Annotations["org.example.note"] == "yes", "spec is %v", image.Spec)
			for _, name := range append(append([]string{id, strings.TrimPrefix(id, "sha256:"), id[7:20]}, image.RepoTags...), image.RepoDigests...) {
				same := get(ctx, client, name)
				must(proto.Equal(same, image), "status by %q differs: %v", name, same)
			}
			must(get(ctx, client, *open+"/t/none:1") == nil, "an image that isn't there has a status")
			must(get(ctx, client, "not a name at all") == nil, "an invalid name has a status")
			for filter, want := range map[string]int{one: 1, *open + "/t/one": 1, *open + "/t/none": 0, twoID: 1, "": 2} {
				found, err := client.ListImages(ctx, &runtimeapi.ImageFilter{Image: spec(filter)})
				noError(err, "list "+filter)
				must(len(found) == want, "filter %q finds %d images, want %d", filter, len(found), want)
			}
			before, err := client.ImageFsInfo(ctx)
			noError(err, "fsinfo")
			noError(client.RemoveImage(ctx, spec(also)), "remove")
			must(get(ctx, client, one) == nil, "a tag outlives its image")
			after, err := client.ImageFsInfo(ctx)
			noError(err, "fsinfo")
			must(after.ImageFilesystems[0].UsedBytes.Value < before.ImageFilesystems[0].UsedBytes.Value, "usage doesn't decrease")
			must(after.ImageFilesystems[0].Timestamp > 1e18, "timestamp is not in ns")
			noError(client.RemoveImage(ctx, spec(also)), "remove again")
			noError(client.RemoveImage(ctx, spec(strings.Repeat("0", 64))), "remove an unknown image")
		})
	}
	check("images: by digest, and an index", func(ctx context.Context) {
		client := imageClient(ctx, *socket, false)
		defer client.Close(ctx)
		clear(ctx, client)
		id := pull(ctx, client, index)
		digest := get(ctx, client, id).RepoDigests[0]
		noError(client.RemoveImage(ctx, spec(id)), "remove")
		must(pull(ctx, client, digest) == id, "the pull by digest returns another image")
		image := get(ctx, client, digest)
		must(len(image.RepoTags) == 0 && len(image.RepoDigests) == 1 && image.RepoDigests[0] == digest, "status is %v", image)
	})
	check("images: verbose status is one JSON document", func(ctx context.Context) {
		client := imageClient(ctx, *socket, false)
		defer client.Close(ctx)
		pull(ctx, client, one)
		response, err := client.ImageStatus(ctx, spec(one), true)
		noError(err, "status")
		var info map[string]any
		noError(json.Unmarshal([]byte(response.Info["info"]), &info), "info")
		for _, key := range []string{"chainID", "labels", "imageSpec", "manifestDigest", "indexDigest", "rootfs", "pulledAt", "source"} {
			_, ok := info[key]
			must(ok, "info lacks %q: %v", key, info)
		}
	})
	check("errors: codes and texts", func(ctx context.Context) {
		client := imageClient(ctx, *socket, false)
		defer client.Close(ctx)
		_, err := client.PullImage(ctx, spec("t/UPPER:x"), nil, nil)
		codeIs(err, codes.InvalidArgument, `failed to parse image reference "t/UPPER:x"`)
		_, err = client.PullImage(ctx, spec(""), nil, nil)
		codeIs(err, codes.InvalidArgument, "no image specified")
		_, err = client.PullImage(ctx, spec(*open+"/t/one:never"), nil, nil)
		codeIs(err, codes.NotFound, "never")
		_, err = client.PullImage(ctx, spec("127.0.0.1:1/t/one:1"), nil, nil)
		must(status.Code(err) == codes.Unknown, "code is %v", status.Code(err))
		must(strings.HasPrefix(status.Convert(err).Message(), "RegistryUnavailable: "), "message is %q", status.Convert(err).Message())
		_, err = client.PullImage(ctx, &runtimeapi.ImageSpec{Image: one, RuntimeHandler: "none-such"}, nil, nil)
		codeIs(err, codes.InvalidArgument, "none-such")
		_, err = client.ImageStatus(ctx, spec(""), false)
		codeIs(err, codes.InvalidArgument, "no image specified")
		err = client.RemoveImage(ctx, spec(""))
		codeIs(err, codes.InvalidArgument, "no image specified")
	})
}

// credentials checks every form of AuthConfig.
func credentials() {
	image := *private + "/t/two:1"
	good := &runtimeapi.AuthConfig{Username: *user, Password: *password}
	refused := func(ctx context.Context, client internalapi.ImageManagerService, auth *runtimeapi.AuthConfig, secret string) {
		_, err := client.PullImage(ctx, spec(image), auth, nil)
		codeIs(err, codes.Unauthenticated, *private)
		must(secret == "" || !strings.Contains(err.Error(), secret), "the message shows a secret: %v", err)
	}
	check("credentials: all forms; wrong ones don't affect later pulls", func(ctx context.Context) {
		client := imageClient(ctx, *socket, false)
		defer client.Close(ctx)
		clear(ctx, client)
		refused(ctx, client, nil, "")
		refused(ctx, client, &runtimeapi.AuthConfig{}, "")
		refused(ctx, client, &runtimeapi.AuthConfig{Username: *user, Password: "wr0ng-secret"}, "wr0ng-secret")
		_, err := client.PullImage(ctx, spec(image), good, nil)
		noError(err, "user and password")
		refused(ctx, client, &runtimeapi.AuthConfig{Username: *user, Password: "wr0ng-secret"}, "wr0ng-secret")
		refused(ctx, client, nil, "")
		_, err = client.PullImage(ctx, spec(image), &runtimeapi.AuthConfig{Auth: basic(*user, *password)}, nil)
		noError(err, "auth")
		refused(ctx, client, &runtimeapi.AuthConfig{Username: *user, Password: *password, ServerAddress: "https://other.example"}, *password)
		_, err = client.PullImage(ctx, spec(image), &runtimeapi.AuthConfig{Username: *user, Password: *password, ServerAddress: "http://" + *private + "/v2/"}, nil)
		noError(err, "server address")
		_, err = client.PullImage(ctx, spec(image), &runtimeapi.AuthConfig{Auth: "c2VjcmV0LXdpdGhvdXQtY29sb24="}, nil)
		codeIs(err, codes.InvalidArgument, "base64")
		must(!strings.Contains(err.Error(), "secret-without"), "the message shows a secret: %v", err)
	})
}
