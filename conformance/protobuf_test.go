package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// protobufOnly takes no other answer; it calls heard with the type of each.
func protobufOnly(t *testing.T, heard func(contentType string)) *kubernetes.Clientset {
	t.Helper()
	config := config(t)
	config.ContentType, config.AcceptContentTypes = protobuf, protobuf
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(request *http.Request) (*http.Response, error) {
			response, err := next.RoundTrip(request)
			if err == nil {
				heard(response.Header.Get("Content-Type"))
			}
			return response, err
		})
	})
	set, err := kubernetes.NewForConfig(config)
	must(t, err)
	return set
}

func TestAnswersInProtobufOnly(t *testing.T) {
	var lock sync.Mutex
	types := map[string]int{}
	set := protobufOnly(t, func(contentType string) {
		lock.Lock()
		defer lock.Unlock()
		types[contentType]++
	})
	namespace := namespace(t, set)
	maps := set.CoreV1().ConfigMaps(namespace)
	_, err := maps.Create(t.Context(), configMap("before", map[string]string{"k": "v"}), metav1.CreateOptions{})
	must(t, err)
	if _, err = maps.Create(t.Context(), configMap("before", nil), metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		t.Errorf("created twice: %v", err)
	}
	_, err = maps.Update(t.Context(), configMap("Bad", nil), metav1.UpdateOptions{})
	if err == nil {
		t.Error("an update of another name: no error")
	}

	factory := informers.NewSharedInformerFactoryWithOptions(set, time.Hour, informers.WithNamespace(namespace))
	informer := factory.Core().V1().ConfigMaps()
	updated := make(chan *corev1.ConfigMap, 16)
	_, err = informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		UpdateFunc: func(_, now any) { updated <- now.(*corev1.ConfigMap) },
	})
	must(t, err)
	factory.Start(t.Context().Done())
	for kind, synced := range factory.WaitForCacheSync(t.Context().Done()) {
		if !synced {
			t.Fatalf("%v did not sync", kind)
		}
	}
	known, err := informer.Lister().ConfigMaps(namespace).Get("before")
	must(t, err)
	if known.Data["k"] != "v" {
		t.Errorf("the informer knows %v", known.Data)
	}
	_, err = maps.Update(t.Context(), configMap("before", map[string]string{"k": "w"}), metav1.UpdateOptions{})
	must(t, err)
	select {
	case now := <-updated:
		if now.Data["k"] != "w" || now.UID != known.UID {
			t.Errorf("the informer hears of %v", now)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("no update arrives")
	}
	must(t, maps.Delete(t.Context(), "before", metav1.DeleteOptions{}))
	eventually(t, "the deletion arrives", func(context.Context) (bool, error) {
		left, err := informer.Lister().List(labels.Everything())
		return !named(left, "before"), err
	})

	lock.Lock()
	defer lock.Unlock()
	if types[protobuf] == 0 || types[protobuf+";stream=watch"] == 0 || len(types) != 2 {
		t.Errorf("types of answers: %v", types)
	}
}

// Every object of every built-in kind is the same, read in JSON and in protobuf.
func TestEveryKindIsTheSameInProtobuf(t *testing.T) {
	set := clients(t)
	config := config(t)
	createSamples(t, config, namespace(t, set))
	kinds := runtime.NewScheme()
	must(t, scheme.AddToScheme(kinds))
	must(t, apiextensionsv1.AddToScheme(kinds))
	codecs := serializer.NewCodecFactory(kinds).WithoutConversion()
	compared := 0
	for _, resource := range listable(t, set.Discovery()) {
		kind := resource.gvk
		if !kinds.Recognizes(kind) {
			continue
		}
		inJSON, inProtobuf := listAs(t, config, codecs, resource, runtime.ContentTypeJSON), listAs(t, config, codecs, resource, protobuf)
		for name, want := range inJSON {
			got := inProtobuf[name]
			if got == nil {
				continue // it has gone since
			}
			if version(want) == version(got) && !equality.Semantic.DeepEqual(want, got) {
				t.Errorf("%v %s:\n%+v\nin protobuf:\n%+v", kind, name, want, got)
			}
			compared++
		}
	}
	if compared < 100 {
		t.Errorf("only %d objects compared", compared)
	}
}

type listed struct {
	gvk  schema.GroupVersionKind
	path string
}

func listable(t *testing.T, client discovery.DiscoveryInterface) []listed {
	t.Helper()
	_, lists, err := client.ServerGroupsAndResources()
	must(t, err)
	var found []listed
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		must(t, err)
		root := "/apis/" + list.GroupVersion
		if version.Group == "" {
			root = "/api/" + version.Version
		}
		for _, resource := range list.APIResources {
			if !strings.Contains(resource.Name, "/") && strings.Contains(fmt.Sprint(resource.Verbs), "list") {
				found = append(found, listed{version.WithKind(resource.Kind), root + "/" + resource.Name})
			}
		}
	}
	return found
}

// listAs has the objects by namespace and name.
func listAs(t *testing.T, config *rest.Config, codecs runtime.NegotiatedSerializer, resource listed, accept string) map[string]metav1.Object {
	t.Helper()
	config = rest.CopyConfig(config)
	config.NegotiatedSerializer = codecs
	reader, err := rest.UnversionedRESTClientFor(config)
	must(t, err)
	result := reader.Get().AbsPath(resource.path).SetHeader("Accept", accept).Do(t.Context())
	var contentType string
	list, err := result.ContentType(&contentType).Get()
	if err != nil || contentType != accept {
		t.Fatalf("%s: %v (%s)", resource.path, err, contentType)
	}
	found := map[string]metav1.Object{}
	items := reflect.ValueOf(list).Elem().FieldByName("Items")
	for at := range items.Len() {
		object := items.Index(at).Addr().Interface().(metav1.Object)
		found[object.GetNamespace()+"/"+object.GetName()] = object
	}
	return found
}

func version(object metav1.Object) string {
	return string(object.GetUID()) + object.GetResourceVersion()
}

// createSamples makes an object of many kinds, with fields that have encodings of their own.
func createSamples(t *testing.T, config *rest.Config, namespace string) {
	t.Helper()
	creator, err := client.New(config, client.Options{Scheme: runtime.NewScheme()})
	must(t, err)
	decoder := yaml.NewYAMLOrJSONDecoder(strings.NewReader(samples), 4096)
	for {
		object := &unstructured.Unstructured{}
		if err := decoder.Decode(&object.Object); errors.Is(err, io.EOF) {
			return
		} else {
			must(t, err)
		}
		if isNamespaced, err := creator.IsObjectNamespaced(object); err != nil {
			t.Fatal(err)
		} else if isNamespaced {
			object.SetNamespace(namespace)
		}
		must(t, creator.Create(t.Context(), object))
		t.Cleanup(func() { must(t, creator.Delete(context.Background(), object)) })
	}
}

const samples = `
apiVersion: v1
kind: Secret
metadata: {name: s, annotations: {a: b}, finalizers: []}
data: {p: AP8=}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
spec:
  replicas: 0
  strategy: {rollingUpdate: {maxSurge: 25%, maxUnavailable: 0}}
  selector: {matchExpressions: [{key: app, operator: In, values: [a, b]}]}
  template:
    metadata: {labels: {app: a}}
    spec:
      hostNetwork: false
      automountServiceAccountToken: false
      securityContext: {runAsUser: 0, sysctls: [{name: net.a, value: "1"}]}
      tolerations: [{operator: Exists, tolerationSeconds: 0, effect: NoExecute}]
      topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway}]
      containers:
        - name: c
          image: nginx
          resources: {limits: {cpu: "1", memory: 1Gi}}
          env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: p, optional: true}}}, {name: B, value: ""}]
          readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 3}
          livenessProbe: {grpc: {port: 1, service: s}}
          lifecycle: {preStop: {exec: {command: ["true"]}}}
          ports: [{name: http, containerPort: 80}]
      volumes:
        - {name: a, projected: {sources: [{configMap: {name: m, optional: true}}, {downwardAPI: {items: [{path: p, fieldRef: {fieldPath: metadata.name}}]}}]}}
        - {name: b, emptyDir: {sizeLimit: 1Mi}}
        - {name: c, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: c}
spec:
  schedule: "@yearly"
  suspend: true
  startingDeadlineSeconds: 0
  jobTemplate: {spec: {backoffLimit: 0, template: {spec: {restartPolicy: Never, containers: [{name: c, image: nginx}]}}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: h}
spec:
  maxReplicas: 3
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: d}
  metrics: [{type: Pods, pods: {metric: {name: hits}, target: {type: AverageValue, averageValue: 1k}}}]
  behavior: {scaleDown: {stabilizationWindowSeconds: 0, tolerance: 100m}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: policy}
spec: {podSelector: {}, ingress: [{}, {from: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 80, endPort: 90}, {port: http}]}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: i}
spec: {rules: [{host: a.example, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}]}}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: p}
spec: {maxUnavailable: 30%, selector: {matchLabels: {app: a}}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: q}
spec: {hard: {pods: "100", requests.cpu: 1500m}}
---
apiVersion: v1
kind: LimitRange
metadata: {name: l}
spec: {limits: [{type: Container, max: {memory: 8Gi}, maxLimitRequestRatio: {cpu: "10"}}]}
---
apiVersion: v1
kind: Service
metadata: {name: s}
spec: {sessionAffinity: ClientIP, selector: {app: a}, ports: [{port: 80, targetPort: http}]}
---
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: l}
spec: {holderIdentity: me, leaseTransitions: 0, renewTime: "2026-01-01T00:00:00.123456Z"}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: conformance-v}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /tmp}, persistentVolumeReclaimPolicy: Retain}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: samples.protobuf.example.com}
spec:
  group: protobuf.example.com
  scope: Namespaced
  names: {plural: samples, kind: Sample}
  versions:
    - name: v1
      served: true
      storage: true
      subresources: {status: {}, scale: {specReplicasPath: .spec.n, statusReplicasPath: .status.n}}
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              x-kubernetes-validations: [{rule: "self.n >= 0"}]
              properties:
                "n": {type: integer, default: 0, minimum: 0, enum: [0, 1, 2]}
                list: {type: array, items: {type: string}, x-kubernetes-list-type: set}
                map: {type: object, additionalProperties: {type: string}}
                any: {type: object, x-kubernetes-preserve-unknown-fields: true}
                either: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}
            status: {type: object, properties: {"n": {type: integer}}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: conformance-p}
spec:
  failurePolicy: Ignore
  matchConstraints: {resourceRules: [{apiGroups: [example.com], apiVersions: ["*"], operations: [CREATE], resources: [nothing]}]}
  validations: [{expression: "true", message: m}]
  auditAnnotations: [{key: k, valueExpression: "'v'"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: conformance-m}
spec:
  reinvocationPolicy: IfNeeded
  matchConstraints: {resourceRules: [{apiGroups: [example.com], apiVersions: ["*"], operations: [CREATE], resources: [nothing]}]}
  mutations:
    - {patchType: ApplyConfiguration, applyConfiguration: {expression: "Object{spec: Object.spec{a: 1}}"}}
    - {patchType: JSONPatch, jsonPatch: {expression: "[JSONPatch{op: 'remove', path: '/spec'}]"}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingWebhookConfiguration
metadata: {name: conformance-w}
webhooks:
  - name: w.example.com
    sideEffects: None
    admissionReviewVersions: [v1]
    clientConfig: {url: "https://127.0.0.1:1/", caBundle: ""}
    rules: [{apiGroups: [example.com], apiVersions: ["*"], operations: [CREATE], resources: [nothing], scope: Cluster}]
`
