package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/client-go/util/exec"
)

// The pod says two lines and then serves pages.
const script = `echo first; echo second; exec nginx -g 'daemon off;'`

func TestStreams(t *testing.T) {
	config, set := config(t), clients(t)
	namespace := namespace(t, set)
	server := pod("p", script)
	server.Spec.Containers[0].Image = "podnet/nginx"
	startPod(t, set, namespace, server)

	t.Run("exec over SPDY", func(t *testing.T) {
		request := execRequest(set, namespace, "cat; echo err >&2; exit 3")
		executor, err := remotecommand.NewSPDYExecutor(config, http.MethodPost, request)
		must(t, err)
		checkExec(t, executor)
	})
	t.Run("exec over WebSocket", func(t *testing.T) {
		request := execRequest(set, namespace, "cat; echo err >&2; exit 3")
		executor, err := remotecommand.NewWebSocketExecutor(config, http.MethodGet, request.String())
		must(t, err)
		checkExec(t, executor)
	})
	t.Run("port-forward over SPDY", func(t *testing.T) {
		transport, upgrader, err := spdy.RoundTripperFor(config)
		must(t, err)
		client := &http.Client{Transport: transport}
		checkForward(t, spdy.NewDialer(upgrader, client, http.MethodPost, forwardRequest(set, namespace)))
	})
	t.Run("port-forward over WebSocket", func(t *testing.T) {
		dialer, err := portforward.NewSPDYOverWebsocketDialer(forwardRequest(set, namespace), config)
		must(t, err)
		checkForward(t, dialer)
	})
	t.Run("logs", func(t *testing.T) {
		bytes := int64(len("first\n"))
		text, err := set.CoreV1().Pods(namespace).GetLogs("p", &corev1.PodLogOptions{LimitBytes: &bytes}).DoRaw(t.Context())
		must(t, err)
		if string(text) != "first\n" {
			t.Errorf("the first bytes: %q", text)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		stream, err := set.CoreV1().Pods(namespace).GetLogs("p", &corev1.PodLogOptions{Follow: true}).Stream(ctx)
		must(t, err)
		first := make([]byte, len("first\n"))
		if _, err = io.ReadFull(stream, first); err != nil || string(first) != "first\n" {
			t.Errorf("followed: %q, %v", first, err)
		}
	})
	t.Run("proxy", func(t *testing.T) {
		text, err := set.CoreV1().Pods(namespace).ProxyGet("http", "p", "80", "/", nil).DoRaw(t.Context())
		must(t, err)
		if !strings.Contains(string(text), "Welcome to nginx!") {
			t.Errorf("through the proxy subresource: %q", text)
		}
	})
}

func execRequest(set *kubernetes.Clientset, namespace, script string) *url.URL {
	return set.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name("p").SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{
			Command: []string{"sh", "-c", script}, Stdin: true, Stdout: true, Stderr: true,
		}, scheme.ParameterCodec).URL()
}

func forwardRequest(set *kubernetes.Clientset, namespace string) *url.URL {
	return set.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name("p").SubResource("portforward").URL()
}

// checkExec sends to the command and wants it back, with what it says of errors and its exit code.
func checkExec(t *testing.T, executor remotecommand.Executor) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	err := executor.StreamWithContext(t.Context(), remotecommand.StreamOptions{
		Stdin: strings.NewReader(strings.Repeat("x", 1<<20)), Stdout: &stdout, Stderr: &stderr,
	})
	var exit exec.CodeExitError
	if !errors.As(err, &exit) || exit.Code != 3 {
		t.Errorf("exit: %v", err)
	}
	if stdout.Len() != 1<<20 || stderr.String() != "err\n" {
		t.Errorf("%d bytes of stdout, stderr %q", stdout.Len(), stderr.String())
	}
}

func checkForward(t *testing.T, dialer httpstream.Dialer) {
	t.Helper()
	stop, ready := make(chan struct{}), make(chan struct{})
	forwarder, err := portforward.NewOnAddresses(dialer, []string{"127.0.0.1"}, []string{"0:80"}, stop, ready, io.Discard, io.Discard)
	must(t, err)
	ended := make(chan error, 1)
	go func() { ended <- forwarder.ForwardPorts() }()
	defer func() { close(stop); must(t, <-ended) }()
	select {
	case <-ready:
	case err := <-ended:
		ended <- nil
		t.Fatalf("not forwarded: %v", err)
	}
	ports, err := forwarder.GetPorts()
	must(t, err)
	eventually(t, "an answer through the forwarded port", func(ctx context.Context) (bool, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/", ports[0].Local), nil)
		if err != nil {
			return false, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false, err
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		return strings.Contains(string(text), "Welcome to nginx!"), err
	})
}
