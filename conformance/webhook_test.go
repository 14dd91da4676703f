package conformance

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-logr/logr"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/cert"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// rules fills in data.mood of ConfigMaps and keeps it from becoming bad.
type rules struct{}

func (rules) Default(_ context.Context, object *corev1.ConfigMap) error {
	if object.Data == nil {
		object.Data = map[string]string{}
	}
	if object.Data["mood"] == "" {
		object.Data["mood"] = "good"
	}
	return nil
}

func (rules) ValidateCreate(_ context.Context, object *corev1.ConfigMap) (admission.Warnings, error) {
	return warnings(object), refusal(object)
}

func (rules) ValidateUpdate(_ context.Context, before, object *corev1.ConfigMap) (admission.Warnings, error) {
	if before.Data["mood"] == "fixed" && object.Data["mood"] != "fixed" {
		return nil, errors.New("it is fixed")
	}
	return warnings(object), refusal(object)
}

func (rules) ValidateDelete(_ context.Context, object *corev1.ConfigMap) (admission.Warnings, error) {
	if object.Data["mood"] == "fixed" {
		return nil, errors.New("it stays")
	}
	return nil, nil
}

func warnings(object *corev1.ConfigMap) admission.Warnings {
	if object.Data["mood"] == "odd" {
		return admission.Warnings{"that is odd"}
	}
	return nil
}

func refusal(object *corev1.ConfigMap) error {
	if object.Data["mood"] == "bad" {
		return errors.New("no bad moods")
	}
	return nil
}

// A webhook server of controller-runtime, as operators run one.
func TestWebhooksOfControllerRuntime(t *testing.T) {
	ctrl.SetLogger(logr.Discard())
	warned := &heard{}
	config := config(t)
	config.WarningHandlerWithContext = warned
	set := clientsOf(t, config)
	namespace := namespace(t, set)
	maps := set.CoreV1().ConfigMaps(namespace)
	address, ca := startWebhooks(t, config)
	register(t, config, namespace, address, ca)

	made, err := maps.Create(t.Context(), configMap("a", nil), metav1.CreateOptions{})
	must(t, err)
	if made.Data["mood"] != "good" {
		t.Errorf("created with %v", made.Data)
	}
	_, err = maps.Create(t.Context(), configMap("b", map[string]string{"mood": "bad"}), metav1.CreateOptions{})
	if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), `admission webhook "validate.example.com" denied the request: no bad moods`) {
		t.Errorf("a bad mood: %v", err)
	}
	made.Data["mood"] = "odd"
	made, err = maps.Update(t.Context(), made, metav1.UpdateOptions{})
	must(t, err)
	if warned.texts.Load() == 0 {
		t.Error("no warning")
	}
	made.Data["mood"] = "fixed"
	_, err = maps.Update(t.Context(), made, metav1.UpdateOptions{})
	must(t, err)
	if err = maps.Delete(t.Context(), "a", metav1.DeleteOptions{}); err == nil || !strings.Contains(err.Error(), "it stays") {
		t.Errorf("deleted: %v", err)
	}
	_, err = maps.Update(t.Context(), configMap("a", map[string]string{"mood": "good"}), metav1.UpdateOptions{})
	if err == nil || !strings.Contains(err.Error(), "it is fixed") {
		t.Errorf("changed: %v", err)
	}
}

type heard struct{ texts atomic.Int32 }

func (h *heard) HandleWarningHeaderWithContext(_ context.Context, _ int, _, text string) {
	if text == "that is odd" {
		h.texts.Add(1)
	}
}

// startWebhooks serves the rules on loopback, and waits until they are served; it has the certificate that they are trusted by.
func startWebhooks(t *testing.T, config *rest.Config) (address string, ca []byte) {
	t.Helper()
	certificate, key, err := cert.GenerateSelfSignedCertKey("127.0.0.1", []net.IP{net.IPv4(127, 0, 0, 1)}, nil)
	must(t, err)
	pair, err := tls.X509KeyPair(certificate, key)
	must(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	port := listener.Addr().(*net.TCPAddr).Port
	must(t, listener.Close())
	hooks := webhook.NewServer(webhook.Options{Host: "127.0.0.1", Port: port, TLSOpts: []func(*tls.Config){func(options *tls.Config) {
		options.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &pair, nil }
	}}})
	scheme := runtime.NewScheme()
	must(t, clientgoscheme.AddToScheme(scheme))
	manager, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme, WebhookServer: hooks, Metrics: server.Options{BindAddress: "0"},
	})
	must(t, err)
	must(t, ctrl.NewWebhookManagedBy(manager, &corev1.ConfigMap{}).WithDefaulter(rules{}).WithValidator(rules{}).Complete())
	done := make(chan error, 1)
	ctx, stop := context.WithCancel(context.Background())
	go func() { done <- manager.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		must(t, <-done)
	})
	eventually(t, "the webhooks are served", func(context.Context) (bool, error) {
		return true, hooks.StartedChecker()(nil)
	})
	return fmt.Sprintf("https://127.0.0.1:%d", port), certificate
}

func register(t *testing.T, config *rest.Config, namespace, address string, ca []byte) {
	t.Helper()
	registrations := clientsOf(t, config).AdmissionregistrationV1()
	none := admissionregistrationv1.SideEffectClassNone
	only := &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}}
	named := metav1.ObjectMeta{Name: namespace}
	at := func(path string) admissionregistrationv1.WebhookClientConfig {
		url := address + path
		return admissionregistrationv1.WebhookClientConfig{URL: &url, CABundle: ca}
	}
	about := func(operations ...admissionregistrationv1.OperationType) []admissionregistrationv1.RuleWithOperations {
		return []admissionregistrationv1.RuleWithOperations{{
			Operations: operations,
			Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
		}}
	}
	_, err := registrations.MutatingWebhookConfigurations().Create(t.Context(), &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: named,
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name: "default.example.com", ClientConfig: at("/mutate--v1-configmap"), Rules: about("CREATE", "UPDATE"),
			NamespaceSelector: only, SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	must(t, err)
	_, err = registrations.ValidatingWebhookConfigurations().Create(t.Context(), &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: named,
		Webhooks: []admissionregistrationv1.ValidatingWebhook{{
			Name: "validate.example.com", ClientConfig: at("/validate--v1-configmap"), Rules: about("CREATE", "UPDATE", "DELETE"),
			NamespaceSelector: only, SideEffects: &none, AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	must(t, err)
	t.Cleanup(func() {
		must(t, registrations.MutatingWebhookConfigurations().Delete(context.Background(), namespace, metav1.DeleteOptions{}))
		must(t, registrations.ValidatingWebhookConfigurations().Delete(context.Background(), namespace, metav1.DeleteOptions{}))
	})
}
