// Maps and programs in the real kernel.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { BpfMap } from '../../src/kernel/bpf-map.ts';
import { ProgrammedCgroup } from '../../src/kernel/cgroup-programs.ts';
import type { CgroupProgram } from '../../src/kernel/cgroup-programs.ts';
import { assemble } from '../../src/wire/ebpf/assemble.ts';
import { exit, mapOf, move } from '../../src/wire/ebpf/instruction.ts';
import { makeCgroup, noCgroups, removeCgroup } from '../support/test-cgroup.ts';

const definition = { name: 'podnet_test', type: 'hash', keyBytes: 4, valueBytes: 2, maxEntries: 3 } as const;

describe('BpfMap', () => {
  it('carries many elements in a call, up to its size', () => {
    const map = BpfMap.create(definition);
    const [key1, key2, key4] = [1, 2, 4].map((n) => Uint8Array.of(n, 0, 0, 0));
    map.update(Buffer.concat([key1!, key2!]), Uint8Array.of(1, 10, 2, 20));
    map.update(key2!, Uint8Array.of(2, 21));
    assert.deepEqual(map.lookup(key1!), Uint8Array.of(1, 10));
    assert.deepEqual(map.lookup(key2!), Uint8Array.of(2, 21));
    assert.throws(() => map.update(Uint8Array.of(3, 0, 0, 0, 4, 0, 0, 0), new Uint8Array(4)), {
      code: 'E2BIG',
      message: 'update map podnet_test: E2BIG',
    });
    map.delete(Buffer.concat([key1!, key2!]));
    assert.equal(map.lookup(key1!), undefined);
    assert.throws(() => map.delete(key4!), { code: 'ENOENT' });
    map.close();
  });
});

describe('ProgrammedCgroup', { skip: noCgroups }, () => {
  const path = `/podnet-test-bpf-${process.pid}/a`;
  let cgroup: ProgrammedCgroup;
  before(() => {
    cgroup = new ProgrammedCgroup(makeCgroup(path));
  });
  after(() => {
    cgroup.close();
    removeCgroup(path);
  });
  const program = (name: string, code: Uint8Array): CgroupProgram => ({ hook: 'connect4', name, code });
  const names = (): string[] => cgroup.attached('connect4').map(({ name }) => name);

  it('replaces a program in its place, with the maps that it uses', () => {
    const pass = assemble([move('r0', 1), exit()], {});
    cgroup.attach(program('first', pass));
    cgroup.attach(program('second', pass));
    const map = BpfMap.create(definition);
    const code = assemble([mapOf('r1', 'map'), move('r0', 1), exit()], { map: map.fd });
    cgroup.attach(program('third', code), cgroup.attached('connect4')[0]);
    assert.deepEqual(names(), ['third', 'second']);
    const [id] = cgroup.attached('connect4')[0]!.maps;
    const same = BpfMap.open(id!, definition)!;
    map.update(Uint8Array.of(1, 0, 0, 0), Uint8Array.of(5, 6));
    assert.deepEqual(same.lookup(Uint8Array.of(1, 0, 0, 0)), Uint8Array.of(5, 6));
    assert.equal(BpfMap.open(id!, { ...definition, maxEntries: 4 }), undefined);
    for (const each of cgroup.attached('connect4')) cgroup.detach('connect4', each);
    assert.deepEqual(names(), []);
    same.close();
    map.close();
  });

  it('says what the verifier has against a program', () => {
    const bad = program('bad', assemble([exit()], {}));
    assert.throws(() => cgroup.attach(bad), {
      code: 'EACCES',
      message: /load program bad: EACCES.*R0 !read_ok/,
    });
  });
});
