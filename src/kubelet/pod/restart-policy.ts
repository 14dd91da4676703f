// Whether a container that ended is started again.
import type { Container, PodSpec } from '../../k8s/generated/types.ts';
import { ephemeralOf, isRestartableInit } from './pod-view.ts';

/** spec.restartPolicy, which a container's own policy and rules override (KEP-5307). */
export const isRestarted = (container: Container, spec: PodSpec, exitCode: number): boolean => {
  if (ephemeralOf(spec).includes(container)) return false;
  if (matchesRule(container, exitCode)) return true;
  switch (policyOf(container, spec)) {
    case 'Never':
      return false;
    case 'OnFailure':
      return exitCode !== 0;
    default:
      return true;
  }
};

/** For init containers Always means OnFailure, except for sidecars. */
const policyOf = (container: Container, spec: PodSpec): string => {
  const policy = container.restartPolicy ?? spec.restartPolicy ?? 'Always';
  const isInit = (spec.initContainers ?? []).includes(container);
  return isInit && policy === 'Always' && !isRestartableInit(container, spec) ? 'OnFailure' : policy;
};

const matchesRule = ({ restartPolicyRules = [] }: Container, exitCode: number): boolean =>
  restartPolicyRules.some(({ action, exitCodes }) => {
    if (action !== 'Restart' || !exitCodes) return false;
    return (exitCodes.values ?? []).includes(exitCode) === (exitCodes.operator === 'In');
  });
