// What kube-apiserver fills into a container (kubernetes pkg/apis/core/v1/defaults.go).
import type {
  Container,
  EnvVar,
  EphemeralContainer,
  HTTPGetAction,
  LifecycleHandler,
  Probe,
} from '../../k8s/generated/types.ts';
import { imagePullPolicyOf } from './image-pull-policy.ts';
import type { Mutable } from './mutable.ts';
import { canonicalResources, defaultRequirements } from './resources.ts';

type AnyContainer = Mutable<Container> | Mutable<EphemeralContainer>;

export const defaultContainer = (container: AnyContainer): void => {
  container.imagePullPolicy ||= imagePullPolicyOf(container.image ?? '');
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  container.resources ??= {};
  defaultRequirements(container.resources);
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const variable of container.env ?? []) defaultEnv(variable);
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe])
    if (probe) defaultProbe(probe);
  defaultHandler(container.lifecycle?.postStart);
  defaultHandler(container.lifecycle?.preStop);
};

const defaultEnv = ({ valueFrom }: Mutable<EnvVar>): void => {
  if (valueFrom?.fieldRef) valueFrom.fieldRef.apiVersion ||= 'v1';
  if (valueFrom?.resourceFieldRef) defaultDivisor(valueFrom.resourceFieldRef);
};

export const defaultDivisor = (reference: { divisor?: string | number | undefined }): void => {
  const list = { divisor: reference.divisor ?? '0' };
  canonicalResources(list);
  reference.divisor = list.divisor;
};

const defaultProbe = (probe: Mutable<Probe>): void => {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  defaultHttpGet(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= '';
};

const defaultHandler = (handler: Mutable<LifecycleHandler> | undefined): void =>
  defaultHttpGet(handler?.httpGet);

const defaultHttpGet = (action: Mutable<HTTPGetAction> | undefined): void => {
  if (!action) return;
  action.path ||= '/';
  action.scheme ||= 'HTTP';
};
