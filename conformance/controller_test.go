package conformance

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

const finalizer = "conformance.example.com/farewell"

var echo = schema.GroupVersionKind{Group: "conformance.example.com", Version: "v1", Kind: "Echo"}

// echoes copies spec.text of an Echo into a ConfigMap that it owns, and says so in the status.
type echoes struct{ client.Client }

func (r *echoes) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	object := newEcho()
	if err := r.Get(ctx, request.NamespacedName, object); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !object.GetDeletionTimestamp().IsZero() {
		controllerutil.RemoveFinalizer(object, finalizer)
		return ctrl.Result{}, r.Update(ctx, object)
	}
	if controllerutil.AddFinalizer(object, finalizer) {
		return ctrl.Result{}, r.Update(ctx, object)
	}
	text, _, _ := unstructured.NestedString(object.Object, "spec", "text")
	copied := configMap(request.Name, nil)
	copied.Namespace = request.Namespace
	_, err := controllerutil.CreateOrUpdate(ctx, r.Client, copied, func() error {
		copied.Data = map[string]string{"text": text}
		return controllerutil.SetControllerReference(object, copied, r.Scheme())
	})
	if err != nil {
		return ctrl.Result{}, err
	}
	before := object.DeepCopy()
	_ = unstructured.SetNestedField(object.Object, text, "status", "echoed")
	return ctrl.Result{}, r.Status().Patch(ctx, object, client.MergeFrom(before))
}

func TestControllerRuntime(t *testing.T) {
	ctrl.SetLogger(logr.Discard())
	scheme := runtime.NewScheme()
	must(t, clientgoscheme.AddToScheme(scheme))
	must(t, apiextensionsv1.AddToScheme(scheme))
	api, err := client.New(config(t), client.Options{Scheme: scheme})
	must(t, err)
	namespace := namespace(t, clients(t))
	defineEchoes(t, api)
	startManager(t, scheme, namespace)

	object := newEcho()
	object.SetName("a")
	object.SetNamespace(namespace)
	_ = unstructured.SetNestedField(object.Object, "", "spec", "text")
	if err := api.Create(t.Context(), object.DeepCopy()); err == nil || !strings.Contains(err.Error(), "spec.text: Invalid value") {
		t.Fatalf("a text that is too short: %v", err)
	}
	_ = unstructured.SetNestedField(object.Object, "hello", "spec", "text")
	must(t, api.Create(t.Context(), object))
	expectEcho(t, api, object, "hello")

	_ = unstructured.SetNestedField(object.Object, "bye", "spec", "text")
	must(t, api.Update(t.Context(), object))
	expectEcho(t, api, object, "bye")
	if object.GetGeneration() != 2 {
		t.Errorf("generation %d: writes of the status and of metadata must not count", object.GetGeneration())
	}

	owned := configMap("a", nil)
	owned.Namespace = namespace
	must(t, api.Delete(t.Context(), owned))
	eventually(t, "the controller makes what it owns anew", func(ctx context.Context) (bool, error) {
		return true, api.Get(ctx, client.ObjectKeyFromObject(owned), &corev1.ConfigMap{})
	})
	must(t, api.Delete(t.Context(), object))
	eventually(t, "the finalizer is removed, the owned object collected", func(ctx context.Context) (bool, error) {
		if err := api.Get(ctx, client.ObjectKeyFromObject(object), newEcho()); client.IgnoreNotFound(err) != nil || err == nil {
			return false, err
		}
		err := api.Get(ctx, client.ObjectKeyFromObject(owned), &corev1.ConfigMap{})
		return err != nil, client.IgnoreNotFound(err)
	})
}

func newEcho() *unstructured.Unstructured {
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(echo)
	return object
}

// expectEcho waits for the status, and leaves the present object behind.
func expectEcho(t *testing.T, api client.Client, object *unstructured.Unstructured, text string) {
	t.Helper()
	eventually(t, "the status says "+text, func(ctx context.Context) (bool, error) {
		err := api.Get(ctx, client.ObjectKeyFromObject(object), object)
		got, _, _ := unstructured.NestedString(object.Object, "status", "echoed")
		return got == text, err
	})
	var copied corev1.ConfigMap
	must(t, api.Get(t.Context(), client.ObjectKeyFromObject(object), &copied))
	if copied.Data["text"] != text {
		t.Errorf("the owned object: %v", copied.Data)
	}
}

func startManager(t *testing.T, scheme *runtime.Scheme, namespace string) {
	t.Helper()
	manager, err := ctrl.NewManager(config(t), ctrl.Options{
		Scheme:                        scheme,
		Metrics:                       server.Options{BindAddress: "0"},
		LeaderElection:                true,
		LeaderElectionID:              "echoes",
		LeaderElectionNamespace:       namespace,
		LeaderElectionReleaseOnCancel: true,
	})
	must(t, err)
	must(t, ctrl.NewControllerManagedBy(manager).For(newEcho()).Owns(&corev1.ConfigMap{}).
		Complete(&echoes{manager.GetClient()}))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- manager.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		must(t, <-ended)
	})
	select {
	case <-manager.Elected():
	case <-time.After(time.Minute):
		t.Fatal("not elected")
	}
}

// defineEchoes installs the CustomResourceDefinition and waits until it is established.
func defineEchoes(t *testing.T, api client.Client) {
	t.Helper()
	one := int64(1)
	text := apiextensionsv1.JSONSchemaProps{Type: "string", MinLength: &one}
	object := func(properties map[string]apiextensionsv1.JSONSchemaProps) apiextensionsv1.JSONSchemaProps {
		return apiextensionsv1.JSONSchemaProps{Type: "object", Properties: properties}
	}
	root := object(map[string]apiextensionsv1.JSONSchemaProps{
		"spec":   object(map[string]apiextensionsv1.JSONSchemaProps{"text": text}),
		"status": object(map[string]apiextensionsv1.JSONSchemaProps{"echoed": {Type: "string"}}),
	})
	definition := &apiextensionsv1.CustomResourceDefinition{
		ObjectMeta: metav1.ObjectMeta{Name: "echoes." + echo.Group},
		Spec: apiextensionsv1.CustomResourceDefinitionSpec{
			Group: echo.Group, Scope: apiextensionsv1.NamespaceScoped,
			Names: apiextensionsv1.CustomResourceDefinitionNames{Kind: echo.Kind, Plural: "echoes"},
			Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
				Name: "v1", Served: true, Storage: true,
				Schema:       &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &root},
				Subresources: &apiextensionsv1.CustomResourceSubresources{Status: &apiextensionsv1.CustomResourceSubresourceStatus{}},
			}},
		},
	}
	must(t, api.Create(t.Context(), definition))
	t.Cleanup(func() { must(t, api.Delete(context.Background(), definition)) })
	eventually(t, "the definition is established", func(ctx context.Context) (bool, error) {
		if err := api.Get(ctx, client.ObjectKeyFromObject(definition), definition); err != nil {
			return false, err
		}
		for _, condition := range definition.Status.Conditions {
			if condition.Type == apiextensionsv1.Established && condition.Status == apiextensionsv1.ConditionTrue {
				return true, nil
			}
		}
		return false, nil
	})
}
