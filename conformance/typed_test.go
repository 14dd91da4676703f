package conformance

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/util/retry"
)

func TestTypedClientWritesProtobuf(t *testing.T) {
	set := clients(t)
	maps := set.CoreV1().ConfigMaps(namespace(t, set))

	made, err := maps.Create(t.Context(), configMap("a", map[string]string{"k": "1"}), metav1.CreateOptions{})
	must(t, err)
	if made.UID == "" || made.ResourceVersion == "" || made.CreationTimestamp.IsZero() || made.Data["k"] != "1" {
		t.Fatalf("created: %v", made)
	}
	if _, err = maps.Create(t.Context(), configMap("a", nil), metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		t.Fatalf("created twice: %v", err)
	}
	if _, err = maps.Get(t.Context(), "absent", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Fatalf("absent: %v", err)
	}

	changed := made.DeepCopy()
	changed.Data["k"] = "2"
	_, err = maps.Update(t.Context(), changed, metav1.UpdateOptions{})
	must(t, err)
	if _, err = maps.Update(t.Context(), changed, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Fatalf("an update of an old version: %v", err)
	}
	must(t, retry.RetryOnConflict(retry.DefaultRetry, func() error {
		now, err := maps.Get(t.Context(), "a", metav1.GetOptions{})
		if err != nil {
			return err
		}
		now.Data["k"] = "3"
		_, err = maps.Update(t.Context(), now, metav1.UpdateOptions{})
		return err
	}))

	other := types.UID("another")
	err = maps.Delete(t.Context(), "a", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &other}})
	if !apierrors.IsConflict(err) {
		t.Fatalf("deleted under another UID: %v", err)
	}
	must(t, maps.DeleteCollection(t.Context(), metav1.DeleteOptions{}, metav1.ListOptions{FieldSelector: "metadata.name=a"}))
	if _, err = maps.Get(t.Context(), "a", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Fatalf("deleted: %v", err)
	}
}

// Quantities, integers or strings, times and durations have encodings of their own in protobuf.
func TestProtobufKeepsEveryKindOfField(t *testing.T) {
	set := clients(t)
	namespace := namespace(t, set)
	want := pod("p", "sleep infinity")
	want.Spec.NodeName = "nowhere" // never runs
	seconds := int64(30)
	want.Spec.Tolerations = []corev1.Toleration{{Key: "k", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoExecute, TolerationSeconds: &seconds}}
	container := &want.Spec.Containers[0]
	container.Resources.Requests = corev1.ResourceList{"cpu": resource.MustParse("100m"), "memory": resource.MustParse("64Mi")}
	container.Ports = []corev1.ContainerPort{{Name: "http", ContainerPort: 80}}
	container.ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{
		HTTPGet: &corev1.HTTPGetAction{Path: "/", Port: intstr.FromString("http")},
	}}
	container.LivenessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{
		TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(80)},
	}}
	want.Spec.Volumes = []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}}
	_, err := set.CoreV1().Pods(namespace).Create(t.Context(), want, metav1.CreateOptions{})
	must(t, err)

	got, err := set.CoreV1().Pods(namespace).Get(t.Context(), "p", metav1.GetOptions{})
	must(t, err)
	c := got.Spec.Containers[0]
	if c.Resources.Requests.Cpu().MilliValue() != 100 || c.Resources.Requests.Memory().Value() != 64<<20 {
		t.Errorf("requests: %v", c.Resources.Requests)
	}
	if c.ReadinessProbe.HTTPGet.Port.StrVal != "http" || c.LivenessProbe.TCPSocket.Port.IntVal != 80 {
		t.Errorf("ports of probes: %v, %v", c.ReadinessProbe.HTTPGet.Port, c.LivenessProbe.TCPSocket.Port)
	}
	if *got.Spec.Tolerations[0].TolerationSeconds != 30 || got.Spec.Volumes[0].EmptyDir == nil {
		t.Errorf("tolerations %v, volumes %v", got.Spec.Tolerations, got.Spec.Volumes)
	}
	if got.CreationTimestamp.IsZero() || len(got.ManagedFields) == 0 || got.ManagedFields[0].FieldsV1 == nil {
		t.Errorf("metadata: %v", got.ObjectMeta)
	}
}

func TestPatchTypes(t *testing.T) {
	set := clients(t)
	maps := set.CoreV1().ConfigMaps(namespace(t, set))
	_, err := maps.Create(t.Context(), configMap("a", map[string]string{"k": "1"}), metav1.CreateOptions{})
	must(t, err)
	for _, patch := range []struct {
		kind types.PatchType
		body string
		want string
	}{
		{types.JSONPatchType, `[{"op":"replace","path":"/data/k","value":"json"}]`, "json"},
		{types.MergePatchType, `{"data":{"k":"merge"}}`, "merge"},
		{types.StrategicMergePatchType, `{"data":{"k":"strategic"}}`, "strategic"},
		{types.ApplyYAMLPatchType, "apiVersion: v1\nkind: ConfigMap\ndata: {k: applied}", "applied"},
	} {
		force := patch.kind == types.ApplyYAMLPatchType
		options := metav1.PatchOptions{FieldManager: "conformance"}
		if force {
			options.Force = &force
		}
		got, err := maps.Patch(t.Context(), "a", patch.kind, []byte(patch.body), options)
		must(t, err)
		if got.Data["k"] != patch.want {
			t.Errorf("%s: %v", patch.kind, got.Data)
		}
	}
}

func TestListsInPagesAndWatchesFromThem(t *testing.T) {
	set := clients(t)
	maps := set.CoreV1().ConfigMaps(namespace(t, set))
	for _, name := range []string{"a", "b", "c"} {
		_, err := maps.Create(t.Context(), configMap(name, nil), metav1.CreateOptions{})
		must(t, err)
	}
	first, err := maps.List(t.Context(), metav1.ListOptions{Limit: 1, FieldSelector: "metadata.name!=kube-root-ca.crt"})
	must(t, err)
	if len(first.Items) != 1 || first.Continue == "" {
		t.Fatalf("first page: %d items, continue %q", len(first.Items), first.Continue)
	}
	rest, err := maps.List(t.Context(), metav1.ListOptions{Continue: first.Continue, FieldSelector: "metadata.name!=kube-root-ca.crt"})
	must(t, err)
	if len(rest.Items) != 2 || rest.ResourceVersion != first.ResourceVersion {
		t.Fatalf("the rest: %d items at %s, not %s", len(rest.Items), rest.ResourceVersion, first.ResourceVersion)
	}

	watcher, err := maps.Watch(t.Context(), metav1.ListOptions{ResourceVersion: first.ResourceVersion})
	must(t, err)
	defer watcher.Stop()
	must(t, maps.Delete(t.Context(), "b", metav1.DeleteOptions{}))
	for event := range watcher.ResultChan() {
		if gone, ok := event.Object.(*corev1.ConfigMap); ok && event.Type == watch.Deleted && gone.Name == "b" {
			return
		}
	}
	t.Fatal("the watch ended before the deletion")
}
