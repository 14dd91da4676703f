// What `kubectl get` shows of each kind.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAdmission } from '../../../test/support/admission.ts';
import { object } from '../../../test/support/kind-manifests.ts';
import type { HorizontalPodAutoscaler } from '../../k8s/generated/types.ts';
import type { KubeObject } from '../../k8s/objects.ts';

describe('columns', () => {
  const { row } = createAdmission();
  const NOW = Date.parse('2026-11-24T12:00:00Z');
  const at = (secondsAgo: number): string => new Date(NOW - secondsAgo * 1000).toISOString();
  const metadata = { name: 'a', creationTimestamp: at(90) };
  const spec = { template: { spec: { containers: [{ name: 'c', image: 'i' }] } } };
  const rows: readonly [string, object, string][] = [
    [
      'Job',
      {
        spec: { ...spec, completions: 3, selector: { matchLabels: { x: 'y' } } },
        status: { succeeded: 1, startTime: at(60) },
      },
      'a | Running | 1/3 | 60s | 90s | c | i | x=y',
    ],
    [
      'Job',
      {
        spec: { ...spec, parallelism: 2 },
        status: {
          succeeded: 1,
          startTime: at(60),
          completionTime: at(50),
          conditions: [{ type: 'Complete', status: 'True' }],
        },
      },
      'a | Complete | 1/1 of 2 | 10s | 90s | c | i | <none>',
    ],
    [
      'CronJob',
      { spec: { schedule: '@daily', suspend: true, jobTemplate: { spec } }, status: { active: [{}] } },
      'a | @daily | <none> | True | 1 | <none> | 90s | c | i | <none>',
    ],
    [
      'StatefulSet',
      { spec: { ...spec, replicas: 2 }, status: { readyReplicas: 1 } },
      'a | 1/2 | 90s | c | i',
    ],
    [
      'DaemonSet',
      { spec, status: { desiredNumberScheduled: 3, numberReady: 1 } },
      'a | 3 | 0 | 1 | 0 | 0 | <none> | 90s | c | i | <none>',
    ],
    [
      'ControllerRevision',
      {
        metadata: {
          ...metadata,
          ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', controller: true }],
        },
        revision: 2,
      },
      'a | statefulset.apps/web | 2 | 90s',
    ],
    [
      'PodDisruptionBudget',
      { spec: { maxUnavailable: '25%' }, status: { disruptionsAllowed: 1 } },
      'a | N/A | 25% | 1 | 90s',
    ],
    [
      'Ingress',
      {
        spec: { rules: ['a', 'b', 'c', 'd'].map((host) => ({ host })), tls: [{}] },
        status: { loadBalancer: { ingress: [{ ip: '10.0.0.1' }] } },
      },
      'a | <none> | a,b,c + 1 more... | 10.0.0.1 | 80, 443 | 90s',
    ],
    [
      'ResourceQuota',
      { status: { hard: { pods: '3', 'limits.cpu': '2' }, used: { pods: '1' } } },
      'a | pods: 1/3 | limits.cpu: 0/2 | 90s',
    ],
    [
      'PersistentVolumeClaim',
      { spec: { storageClassName: 'fast' }, status: { phase: 'Pending' } },
      'a | Pending |  |  |  | fast | <unset> | 90s | <unset>',
    ],
    ['PriorityClass', { value: 5 }, 'a | 5 | false | 90s | '],
    ['NetworkPolicy', { spec: { podSelector: {} } }, 'a | <none> | 90s'],
  ];
  for (const [kind, fields, text] of rows)
    it(`${kind}: ${text}`, () => assert.equal(row({ kind, metadata, ...fields } as KubeObject, NOW), text));

  it('HorizontalPodAutoscaler shows what it scales by', () => {
    const admission = createAdmission();
    const made = admission.create(
      object<HorizontalPodAutoscaler>(
        'HorizontalPodAutoscaler',
        'spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web } }',
      ),
    );
    assert.match(row(made, NOW), /^a \| Deployment\/web \| cpu: <unknown>\/80% \| 1 \| 3 \| 0 \| /);
  });
});
