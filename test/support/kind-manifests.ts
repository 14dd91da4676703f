// Objects of the real kinds, written in YAML: as a create stores them, and as it refuses them.
import assert from 'node:assert/strict';
import { parse } from 'yaml';
import type { KubeObject } from '../../src/k8s/objects.ts';
import { createAdmission } from './admission.ts';

export const object = <T extends KubeObject>(kind: string, yaml: string): T => {
  const parsed = parse(yaml) as KubeObject;
  const metadata = { name: 'a', namespace: 'default', uid: 'u', ...parsed.metadata };
  return { kind, ...parsed, metadata } as unknown as T;
};

export const stored = <T extends KubeObject>(kind: string, yaml: string): T =>
  createAdmission().create(object<T>(kind, yaml));

export const refused = (act: () => unknown, ...lines: readonly string[]): void =>
  assert.throws(act, (error: Error) => {
    assert.deepEqual(error.message.split('\n'), lines);
    return true;
  });

export const refusedOnCreate = (kind: string, yaml: string, ...lines: readonly string[]): void =>
  refused(() => createAdmission().create(object(kind, yaml)), ...lines);

export const TEMPLATE = `
  template:
    metadata: { labels: { app: a } }
    spec: { containers: [{ name: c, image: i }] }`;
export const SELECTED = `
  selector: { matchLabels: { app: a } }${TEMPLATE}`;
export const JOB_TEMPLATE =
  'template: { spec: { restartPolicy: Never, containers: [{ name: c, image: i }] } }';
