// Package conformance asks a running cluster what controllers ask, through client-go and controller-runtime themselves.
package conformance

import (
	"context"
	"os"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const protobuf = runtime.ContentTypeProtobuf

// config is the kubeconfig's in $KUBECONFIG, or a pod's own where there is none.
func config(t *testing.T) *rest.Config {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	must(t, err)
	config.QPS, config.Burst = 200, 400
	return config
}

// clients sends and asks for protobuf or else JSON, as kube-controller-manager does.
func clients(t *testing.T) *kubernetes.Clientset {
	t.Helper()
	return clientsOf(t, config(t))
}

func clientsOf(t *testing.T, config *rest.Config) *kubernetes.Clientset {
	t.Helper()
	config = rest.CopyConfig(config)
	config.ContentType, config.AcceptContentTypes = protobuf, protobuf+",application/json"
	set, err := kubernetes.NewForConfig(config)
	must(t, err)
	return set
}

// namespace is a new one that goes with the test.
func namespace(t *testing.T, set kubernetes.Interface) string {
	t.Helper()
	made, err := set.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "conformance-"},
	}, metav1.CreateOptions{})
	must(t, err)
	t.Cleanup(func() {
		must(t, set.CoreV1().Namespaces().Delete(context.Background(), made.Name, metav1.DeleteOptions{}))
	})
	return made.Name
}

// eventually polls until the condition holds; it may fail along the way.
func eventually(t *testing.T, what string, condition func(ctx context.Context) (bool, error)) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, 60*time.Second, true,
		func(ctx context.Context) (bool, error) {
			done, err := condition(ctx)
			last = err
			return done && err == nil, nil
		})
	if err != nil {
		t.Fatalf("%s: %v (last: %v)", what, err, last)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func configMap(name string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: data}
}

// pod is one of toolbox that runs a shell line.
func pod(name, script string) *corev1.Pod {
	grace := int64(1)
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": name}},
		Spec: corev1.PodSpec{
			TerminationGracePeriodSeconds: &grace,
			Containers: []corev1.Container{{
				Name: "c", Image: "podnet/toolbox", Command: []string{"sh", "-c", script},
			}},
		},
	}
}

// startPod creates a pod and waits until it is ready.
func startPod(t *testing.T, set kubernetes.Interface, namespace string, pod *corev1.Pod) {
	t.Helper()
	_, err := set.CoreV1().Pods(namespace).Create(t.Context(), pod, metav1.CreateOptions{})
	must(t, err)
	eventually(t, "pod "+pod.Name+" is ready", func(ctx context.Context) (bool, error) {
		now, err := set.CoreV1().Pods(namespace).Get(ctx, pod.Name, metav1.GetOptions{})
		if err != nil {
			return false, err
		}
		for _, condition := range now.Status.Conditions {
			if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
				return true, nil
			}
		}
		return false, nil
	})
}
