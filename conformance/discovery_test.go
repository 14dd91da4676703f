package conformance

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/restmapper"
)

var (
	deployments = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	configMaps  = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
)

func TestDiscoveryMapsKindsToResources(t *testing.T) {
	set := clients(t)
	cached := memory.NewMemCacheClient(set.Discovery())
	mapper := restmapper.NewShortcutExpander(restmapper.NewDeferredDiscoveryRESTMapper(cached), cached, nil)
	mapping, err := mapper.RESTMapping(schema.GroupKind{Group: "apps", Kind: "Deployment"})
	must(t, err)
	if mapping.Resource != deployments || mapping.Scope.Name() != "namespace" {
		t.Errorf("Deployment: %v, %s", mapping.Resource, mapping.Scope.Name())
	}
	resource, err := mapper.ResourceFor(schema.GroupVersionResource{Resource: "deploy"})
	must(t, err)
	if resource != deployments {
		t.Errorf("deploy: %v", resource)
	}
	version, err := set.Discovery().ServerVersion()
	must(t, err)
	if version.Major != "1" || version.GitVersion == "" {
		t.Errorf("version: %v", version)
	}
	paths, err := set.Discovery().OpenAPIV3().Paths()
	must(t, err)
	if paths["apis/apps/v1"] == nil || paths["api/v1"] == nil {
		t.Errorf("OpenAPI v3: %d paths", len(paths))
	}
}

func TestDynamicAndMetadataClients(t *testing.T) {
	config, set := config(t), clients(t)
	namespace := namespace(t, set)
	dynamicClient, err := dynamic.NewForConfig(config)
	must(t, err)
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": "a", "labels": map[string]any{"x": "y"}},
		"data":     map[string]any{"k": "v"},
	}}
	_, err = dynamicClient.Resource(configMaps).Namespace(namespace).Create(t.Context(), object, metav1.CreateOptions{})
	must(t, err)
	got, err := dynamicClient.Resource(configMaps).Namespace(namespace).Get(t.Context(), "a", metav1.GetOptions{})
	must(t, err)
	if value, _, _ := unstructured.NestedString(got.Object, "data", "k"); value != "v" {
		t.Errorf("dynamic: %v", got.Object)
	}

	metadataClient, err := metadata.NewForConfig(config)
	must(t, err)
	partial, err := metadataClient.Resource(configMaps).Namespace(namespace).Get(t.Context(), "a", metav1.GetOptions{})
	must(t, err)
	if partial.Labels["x"] != "y" {
		t.Errorf("metadata: %v", partial)
	}
	watcher, err := metadataClient.Resource(configMaps).Namespace(namespace).Watch(t.Context(), metav1.ListOptions{LabelSelector: "x=y"})
	must(t, err)
	defer watcher.Stop()
	if event := <-watcher.ResultChan(); event.Object.(*metav1.PartialObjectMetadata).Name != "a" {
		t.Errorf("watched metadata: %v", event)
	}
}
