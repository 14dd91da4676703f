import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Locals } from './locals.ts';

const setup = (uids: Record<string, string>) => {
  const told = new Map<string, readonly string[]>();
  const known = new Map(Object.entries(uids));
  const compiler = {
    upsertLocal: (pod: string, addresses: readonly string[]) => void told.set(pod, addresses),
    deleteLocal: (pod: string) => void told.delete(pod),
  };
  return { told, known, locals: new Locals({ compiler, uids: known }) };
};

const sandbox = (uid: string, ...addresses: readonly string[]) => ({
  pod: { namespace: 'shop', name: 'web', uid },
  addresses,
});

describe('Locals', () => {
  it('are their pod’s as soon as the API has the very pod, and nobody’s before', () => {
    const { told, known, locals } = setup({});
    locals.add(sandbox('1', '10.0.0.1', 'fd00::1'));
    assert.deepEqual([...told], [['shop/web 1', ['10.0.0.1', 'fd00::1']]]);
    assert.ok(!locals.isKnown(sandbox('1').pod));
    known.set('shop/web', '1');
    locals.refresh('shop/web');
    assert.deepEqual([...told], [['shop/web', ['10.0.0.1', 'fd00::1']]]);
    assert.ok(locals.isKnown(sandbox('1').pod));
  });

  it('of a pod that another has replaced do not get the other’s policies', () => {
    const { told, known, locals } = setup({ 'shop/web': '1' });
    locals.add(sandbox('1', '10.0.0.1'));
    locals.add(sandbox('2', '10.0.0.2'));
    assert.deepEqual(Object.fromEntries(told), { 'shop/web': ['10.0.0.1'], 'shop/web 2': ['10.0.0.2'] });
    known.set('shop/web', '2');
    locals.refresh('shop/web');
    assert.deepEqual(Object.fromEntries(told), { 'shop/web': ['10.0.0.2'], 'shop/web 1': ['10.0.0.1'] });
    locals.release(['10.0.0.1']);
    assert.deepEqual(Object.fromEntries(told), { 'shop/web': ['10.0.0.2'] });
  });

  it('are forgotten with their addresses, and an address that comes back is the next one’s', () => {
    const { told, locals } = setup({ 'shop/web': '1' });
    locals.add(sandbox('1', '10.0.0.1', 'fd00::1'));
    locals.release(['10.0.0.9']);
    assert.deepEqual(locals.addresses(), ['10.0.0.1', 'fd00::1']);
    locals.release(['10.0.0.1', 'fd00::1']);
    locals.release(['10.0.0.1']);
    assert.deepEqual([[...told], locals.addresses()], [[], []]);
    locals.add({ ...sandbox('7', '10.0.0.1'), pod: { namespace: 'x', name: 'y', uid: '7' } });
    assert.deepEqual([...told], [['x/y 7', ['10.0.0.1']]]);
  });
});
