import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PODS, compile, ofWeb } from '../../../test/support/compiled-policies.ts';
import { policy, worldOf } from '../../../test/support/policy-world.ts';
import type { PolicyRules } from '../model/rules.ts';
import { EVERYTHING } from '../model/selector.ts';
import type { World } from '../model/world.ts';
import type { PolicyCompiler } from './policy-compiler.ts';

describe('touched', () => {
  const fromApi = { from: [{ podSelector: { matchLabels: { app: 'api' } } }] };
  const pods = (text: Readonly<Record<string, string>>): World['pods'] =>
    worldOf({ namespaces: {}, pods: text }).pods;
  const touchedBy = (compiler: PolicyCompiler, change: () => void): readonly string[] => {
    compiler.flush();
    change();
    const { subjects, peers } = compiler.flush().touched;
    return [
      ...[...subjects].map((each) => `subject ${each}`),
      ...[...peers].map((each) => `peer ${each}`),
    ].filter((each) => !each.includes('fd01'));
  };

  it('a pod to which a policy applies that did not, or whose rules are others', () => {
    const compiler = compile();
    assert.deepEqual(
      touchedBy(compiler, () => compiler.upsertPolicy(ofWeb({}))),
      ['subject 10.1.0.1'],
    );
    assert.deepEqual(
      touchedBy(compiler, () => compiler.upsertPolicy(ofWeb({ ingress: [fromApi] }))),
      ['subject 10.1.0.1'],
    );
    assert.deepEqual(
      touchedBy(compiler, () => compiler.upsertPolicy(ofWeb({ ingress: [fromApi] }))),
      [],
      'its status may be another',
    );
    const other = { ...pods(PODS).get('shop/web')!, labels: { app: 'other' } };
    assert.deepEqual(
      touchedBy(compiler, () => compiler.upsertPod(other)),
      [],
      'nothing is denied to it any more',
    );
  });

  it('a peer that is not any more what a rule asks for', () => {
    const compiler = compile(ofWeb({ ingress: [fromApi] }));
    const [api] = pods({ 'shop/api': 'app=other @there 10.1.0.2 fd01::2' }).values();
    assert.deepEqual(
      touchedBy(compiler, () => compiler.upsertPod(api!)),
      ['peer 10.1.0.2'],
    );
    const back = pods(PODS).get('shop/api')!;
    assert.deepEqual(
      touchedBy(compiler, () => compiler.upsertPod(back)),
      [],
      'it may more than before',
    );
    assert.deepEqual(
      touchedBy(compiler, () => compiler.deletePod('shop/api')),
      ['peer 10.1.0.2'],
    );
  });

  it('a peer that a rule asks for which may deny', () => {
    const deny: PolicyRules = {
      key: { kind: 'ClusterNetworkPolicy', name: 'no-late' },
      tier: 'Baseline',
      priority: 1,
      subject: { namespaces: { kind: 'labels', selector: EVERYTHING }, pods: EVERYTHING },
      ingress: [
        {
          index: 0,
          action: 'Deny',
          peers: [{ kind: 'pods', namespaces: { kind: 'name', name: 'late' }, pods: EVERYTHING }],
          ports: 'any',
        },
      ],
      problems: [],
    };
    const compiler = compile(deny);
    const [late] = pods({ 'late/pod': 'app=x @there 10.1.0.9' }).values();
    assert.deepEqual(
      touchedBy(compiler, () => compiler.upsertPod(late!)),
      ['peer 10.1.0.9'],
    );
  });

  it('peers in a namespace with other labels', () => {
    const from = [{ namespaceSelector: { matchLabels: { team: 'b' } } }];
    const compiler = compile(ofWeb({ ingress: [{ from }] }));
    assert.deepEqual(
      touchedBy(compiler, () => compiler.upsertNamespace('bank', { team: 'c' })),
      ['peer 10.1.0.3'],
    );
  });

  it('nobody, when a policy comes that asks for peers known before', () => {
    const compiler = compile(ofWeb({ ingress: [fromApi] }));
    const [second] = pods({ 'shop/second': 'app=second @here 10.1.0.8' }).values();
    compiler.upsertPod(second!);
    compiler.upsertLocal('shop/second', second!.addresses);
    assert.deepEqual(
      touchedBy(compiler, () =>
        compiler.upsertPolicy(
          policy('shop/q', { podSelector: { matchLabels: { app: 'second' } }, ingress: [fromApi] }),
        ),
      ),
      ['subject 10.1.0.8'],
    );
  });
});
