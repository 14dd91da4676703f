// The network policy API's own conformance tests, all features, against the cluster of KUBECONFIG. They need its
// definitions of the experimental channel, and an image agnhost.
package policy

import (
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/config"

	api "sigs.k8s.io/network-policy-api/apis/v1beta1"
	"sigs.k8s.io/network-policy-api/conformance/tests"
	timeouts "sigs.k8s.io/network-policy-api/conformance/utils/config"
	"sigs.k8s.io/network-policy-api/conformance/utils/suite"
)

func TestNetworkPolicyAPI(t *testing.T) {
	config, err := config.GetConfig()
	must(t, err)
	reader, err := client.New(config, client.Options{})
	must(t, err)
	must(t, api.Install(reader.Scheme()))
	set, err := kubernetes.NewForConfig(config)
	must(t, err)
	conformance := suite.New(suite.Options{
		Client:                     reader,
		ClientSet:                  set,
		KubeConfig:                 *config,
		EnableAllSupportedFeatures: true,
		// A cluster on one machine answers at once: what is denied is waited for.
		TimeoutConfig: timeouts.TimeoutConfig{
			RequestTimeout: 500 * time.Millisecond,
			PokeInterval:   100 * time.Millisecond,
		},
	})
	conformance.Setup(t)
	conformance.Run(t, tests.ConformanceTests)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
