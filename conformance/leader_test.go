package conformance

import (
	"context"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

func TestLeaderElection(t *testing.T) {
	set := clients(t)
	checkLeaderElection(t, set, namespace(t, set))
}

// checkLeaderElection lets one lead, then give up its Lease, and then another one.
func checkLeaderElection(t *testing.T, set kubernetes.Interface, namespace string) {
	t.Helper()
	for _, identity := range []string{"one", "two"} {
		ctx, cancel := context.WithCancel(t.Context())
		led := false
		leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
			Lock: &resourcelock.LeaseLock{
				LeaseMeta:  metav1.ObjectMeta{Name: "lead", Namespace: namespace},
				Client:     set.CoordinationV1(),
				LockConfig: resourcelock.ResourceLockConfig{Identity: identity},
			},
			LeaseDuration: 15 * time.Second, RenewDeadline: 10 * time.Second, RetryPeriod: 100 * time.Millisecond,
			ReleaseOnCancel: true,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(context.Context) { led = true; cancel() },
				OnStoppedLeading: func() {},
			},
		})
		if !led {
			t.Fatalf("%s never led", identity)
		}
	}
	lease, err := set.CoordinationV1().Leases(namespace).Get(t.Context(), "lead", metav1.GetOptions{})
	must(t, err)
	if *lease.Spec.LeaseTransitions < 1 {
		t.Errorf("the lease after two leaders: %v", lease.Spec)
	}
}
