// Package published keeps the versions of other projects in go.mod whose own tests of their CustomResourceDefinitions run
// against podnet's API server: their packages pkg/test/cel and pkg/crdtest, and what those import.
package published

import (
	_ "sigs.k8s.io/controller-runtime/pkg/envtest"
	_ "sigs.k8s.io/gateway-api/apis/v1"
	_ "sigs.k8s.io/network-policy-api/apis/v1alpha2"
)
