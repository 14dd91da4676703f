package conformance

import (
	"context"
	"os"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// Runs in a pod whose ServiceAccount may work with ConfigMaps and Leases of its namespace.
func TestInCluster(t *testing.T) {
	if _, err := os.Stat(namespaceFile); err != nil {
		t.Skip("not in a pod")
	}
	config, err := rest.InClusterConfig()
	must(t, err)
	set, err := kubernetes.NewForConfig(config)
	must(t, err)
	text, err := os.ReadFile(namespaceFile)
	must(t, err)
	namespace := string(text)
	checkLeaderElection(t, set, namespace)

	factory := informers.NewSharedInformerFactoryWithOptions(set, time.Hour, informers.WithNamespace(namespace))
	maps := factory.Core().V1().ConfigMaps()
	informer := maps.Informer()
	factory.Start(t.Context().Done())
	factory.WaitForCacheSync(t.Context().Done())
	_, err = set.CoreV1().ConfigMaps(namespace).Create(t.Context(), configMap("from-go", nil), metav1.CreateOptions{})
	must(t, err)
	eventually(t, "the informer hears of it", func(context.Context) (bool, error) {
		_, exists, err := informer.GetStore().GetByKey(namespace + "/from-go")
		return exists, err
	})
	must(t, set.CoreV1().ConfigMaps(namespace).Delete(t.Context(), "from-go", metav1.DeleteOptions{}))
	eventually(t, "and of its end", func(context.Context) (bool, error) {
		_, exists, err := informer.GetStore().GetByKey(namespace + "/from-go")
		return !exists, err
	})
}
