// The Kubernetes release whose API podnet serves: the same as in src/k8s/generated/.

export const KUBERNETES_VERSION = 'v1.36.0';
