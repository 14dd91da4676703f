import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { KernelError } from '../../src/kernel/kernel-error.ts';
import { createNetns, deleteNetns, withNetns } from '../../src/kernel/netns.ts';
import { openNft } from '../../src/kernel/nft.ts';
import type { Nft } from '../../src/kernel/nft.ts';

const NETNS = `podnet-test-nft-${process.pid}`;
const ruleset = (): string =>
  execFileSync('ip', ['netns', 'exec', NETNS, 'nft', 'list', 'ruleset'], { encoding: 'utf8' });

describe('openNft()', () => {
  let nft: Nft;
  before(() => {
    nft = withNetns(createNetns(NETNS), openNft);
  });
  after(() => {
    nft.close();
    deleteNetns(NETNS);
  });

  it('works in the namespace in which it was opened, wherever its thread is later', () => {
    nft.run('add table ip t; add set ip t s { type ipv4_addr; }; add element ip t s { 10.0.0.1 }');
    assert.match(ruleset(), /10\.0\.0\.1/);
  });

  it('does all of a transaction or nothing, and fails with the code and text of nft', () => {
    const error = (commands: string): KernelError => {
      try {
        nft.run(commands);
      } catch (thrown) {
        if (thrown instanceof KernelError) return thrown;
      }
      return assert.fail(`no KernelError for: ${commands}`);
    };
    assert.equal(
      error('add chain ip t half\nadd element ip t s { 10.0.0.2 }\ndelete chain ip t none').code,
      'ENOENT',
    );
    assert.doesNotMatch(ruleset(), /half|10\.0\.0\.2/);
    assert.equal(error('create set ip t s { type ipv4_addr; }').code, 'EEXIST');
    assert.equal(error('add rubbish').code, 'EINVAL');
    assert.match(error('add rubbish').message, /syntax error/);
  });

  it('lists as JSON, and nothing is left over from the command before', () => {
    nft.run('add chain ip t c');
    const kinds = nft.query('list table ip t', { terse: true }).map((object) => Object.keys(object)[0]);
    assert.deepEqual(kinds, ['table', 'set', 'chain']);
    const [set] = nft.query('list set ip t s');
    assert.deepEqual(set?.['set']?.['elem'], ['10.0.0.1']);
    assert.deepEqual(nft.query('list chain ip t c').length, 1);
  });

  it('reads a counter without looking at anything else', () => {
    nft.run('add counter ip t seen { packets 7000000000 bytes 9 }');
    assert.equal(nft.packets('ip t', 'seen'), 7_000_000_000);
    assert.throws(() => nft.packets('ip t', 'none'), { code: 'ENOENT' });
  });
});
