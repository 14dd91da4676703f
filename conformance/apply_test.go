package conformance

import (
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsv1 "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1 "k8s.io/client-go/applyconfigurations/core/v1"
	applymetav1 "k8s.io/client-go/applyconfigurations/meta/v1"
)

func TestServerSideApply(t *testing.T) {
	set := clients(t)
	namespace := namespace(t, set)
	deployments := set.AppsV1().Deployments(namespace)
	labels := map[string]string{"app": "a"}
	configuration := func(replicas int32) *appsv1.DeploymentApplyConfiguration {
		return appsv1.Deployment("a", namespace).WithSpec(appsv1.DeploymentSpec().
			WithReplicas(replicas).
			WithSelector(applymetav1.LabelSelector().WithMatchLabels(labels)).
			WithTemplate(corev1.PodTemplateSpec().WithLabels(labels).
				WithSpec(corev1.PodSpec().WithContainers(corev1.Container().WithName("c").WithImage("podnet/toolbox")))))
	}
	made, err := deployments.Apply(t.Context(), configuration(0), metav1.ApplyOptions{FieldManager: "one"})
	must(t, err)
	if *made.Spec.Replicas != 0 || made.ManagedFields[0].Manager != "one" {
		t.Fatalf("applied: %v", made)
	}

	scale := appsv1.Deployment("a", namespace).WithSpec(appsv1.DeploymentSpec().WithReplicas(1))
	_, err = deployments.Apply(t.Context(), scale, metav1.ApplyOptions{FieldManager: "two"})
	if !apierrors.IsConflict(err) || !strings.Contains(err.Error(), ".spec.replicas") {
		t.Fatalf("another manager's field: %v", err)
	}
	status := err.(apierrors.APIStatus).Status()
	if status.Details == nil || len(status.Details.Causes) != 1 || status.Details.Causes[0].Field != ".spec.replicas" {
		t.Fatalf("causes: %v", status.Details)
	}
	taken, err := deployments.Apply(t.Context(), scale, metav1.ApplyOptions{FieldManager: "two", Force: true})
	must(t, err)
	if *taken.Spec.Replicas != 1 {
		t.Fatalf("forced: %d", *taken.Spec.Replicas)
	}

	extracted, err := appsv1.ExtractDeployment(taken, "two")
	must(t, err)
	if extracted.Spec == nil || *extracted.Spec.Replicas != 1 || extracted.Spec.Template != nil {
		t.Fatalf("what the second manager owns: %v", extracted)
	}
}
