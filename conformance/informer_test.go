package conformance

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }

// An informer of this client-go starts by a watch that brings the list (WatchList) and must not fall back to a list.
func TestInformerStartsByWatchList(t *testing.T) {
	var watchLists, lists atomic.Int32
	config := config(t)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(request *http.Request) (*http.Response, error) {
			query := request.URL.Query()
			if strings.HasSuffix(request.URL.Path, "/configmaps") && request.Method == http.MethodGet {
				if query.Get("sendInitialEvents") == "true" {
					watchLists.Add(1)
				} else if query.Get("watch") == "" {
					lists.Add(1)
				}
			}
			return next.RoundTrip(request)
		})
	})
	set, err := kubernetes.NewForConfig(config)
	must(t, err)
	namespace := namespace(t, set)
	_, err = set.CoreV1().ConfigMaps(namespace).Create(t.Context(), configMap("before", nil), metav1.CreateOptions{})
	must(t, err)

	factory := informers.NewSharedInformerFactoryWithOptions(set, time.Hour, informers.WithNamespace(namespace))
	informer := factory.Core().V1().ConfigMaps()
	var updates atomic.Int32
	_, err = informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		UpdateFunc: func(_, _ any) { updates.Add(1) },
	})
	must(t, err)
	factory.Start(t.Context().Done())
	for kind, synced := range factory.WaitForCacheSync(t.Context().Done()) {
		if !synced {
			t.Fatalf("%v did not sync", kind)
		}
	}
	if _, err := informer.Lister().ConfigMaps(namespace).Get("before"); err != nil {
		t.Errorf("the object before: %v", err)
	}
	if watchLists.Load() == 0 || lists.Load() != 0 {
		t.Errorf("%d WatchLists, %d lists", watchLists.Load(), lists.Load())
	}

	_, err = set.CoreV1().ConfigMaps(namespace).Update(t.Context(), configMap("before", map[string]string{"k": "v"}), metav1.UpdateOptions{})
	must(t, err)
	eventually(t, "the update arrives", func(context.Context) (bool, error) { return updates.Load() > 0, nil })
	must(t, set.CoreV1().ConfigMaps(namespace).Delete(t.Context(), "before", metav1.DeleteOptions{}))
	eventually(t, "the deletion arrives", func(context.Context) (bool, error) {
		left, err := informer.Lister().List(labels.Everything())
		return !named(left, "before"), err
	})
}

func named(maps []*corev1.ConfigMap, name string) bool {
	for _, each := range maps {
		if each.Name == name {
			return true
		}
	}
	return false
}
