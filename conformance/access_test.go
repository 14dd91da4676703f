package conformance

import (
	"context"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

func TestTokensAndAccessReviews(t *testing.T) {
	set := clients(t)
	namespace := namespace(t, set)
	_, err := set.CoreV1().ServiceAccounts(namespace).Create(t.Context(), &corev1.ServiceAccount{
		ObjectMeta: metav1.ObjectMeta{Name: "reader"},
	}, metav1.CreateOptions{})
	must(t, err)
	user := "system:serviceaccount:" + namespace + ":reader"
	allowReading(t, set, namespace)

	token, err := set.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), "reader", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	must(t, err)
	review, err := set.AuthenticationV1().TokenReviews().Create(t.Context(), &authenticationv1.TokenReview{
		Spec: authenticationv1.TokenReviewSpec{Token: token.Status.Token},
	}, metav1.CreateOptions{})
	must(t, err)
	if !review.Status.Authenticated || review.Status.User.Username != user {
		t.Errorf("whose token it is: %v", review.Status)
	}

	as := rest.AnonymousClientConfig(config(t))
	as.BearerToken = token.Status.Token
	reader, err := kubernetes.NewForConfig(as)
	must(t, err)
	_, err = reader.CoreV1().ConfigMaps(namespace).List(t.Context(), metav1.ListOptions{})
	must(t, err)
	if _, err = reader.CoreV1().Secrets(namespace).List(t.Context(), metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("secrets: %v", err)
	}
	own, err := reader.AuthorizationV1().SelfSubjectAccessReviews().Create(t.Context(), &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: namespace, Verb: "list", Resource: "configmaps",
		}},
	}, metav1.CreateOptions{})
	must(t, err)
	other, err := set.AuthorizationV1().SubjectAccessReviews().Create(t.Context(), &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{User: user, ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: namespace, Verb: "list", Resource: "secrets",
		}},
	}, metav1.CreateOptions{})
	must(t, err)
	if !own.Status.Allowed || other.Status.Allowed {
		t.Errorf("may list configmaps %v, secrets %v", own.Status, other.Status)
	}
}

func allowReading(t *testing.T, set kubernetes.Interface, namespace string) {
	t.Helper()
	_, err := set.RbacV1().Roles(namespace).Create(t.Context(), &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Name: "reader"},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get", "list"}}},
	}, metav1.CreateOptions{})
	must(t, err)
	_, err = set.RbacV1().RoleBindings(namespace).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "reader"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "reader"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: "reader", Namespace: namespace}},
	}, metav1.CreateOptions{})
	must(t, err)
}

func TestEvictionMindsDisruptionBudgets(t *testing.T) {
	set := clients(t)
	namespace := namespace(t, set)
	startPod(t, set, namespace, pod("p", "sleep infinity"))
	one := intstr.FromInt32(1)
	_, err := set.PolicyV1().PodDisruptionBudgets(namespace).Create(t.Context(), &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: "p"},
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: &one, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "p"}}},
	}, metav1.CreateOptions{})
	must(t, err)
	evict := func(ctx context.Context) error {
		return set.CoreV1().Pods(namespace).EvictV1(ctx, &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: namespace}})
	}
	if err := evict(t.Context()); !apierrors.IsTooManyRequests(err) {
		t.Errorf("against the budget: %v", err)
	}
	must(t, set.PolicyV1().PodDisruptionBudgets(namespace).Delete(t.Context(), "p", metav1.DeleteOptions{}))
	eventually(t, "evicted without a budget", func(ctx context.Context) (bool, error) {
		_ = evict(ctx)
		_, err := set.CoreV1().Pods(namespace).Get(ctx, "p", metav1.GetOptions{})
		return apierrors.IsNotFound(err), nil
	})
}
