import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LITTLE_ENDIAN } from '../netlink.ts';
import { assemble } from './assemble.ts';
import { FRAME, alu, call, exit, jump, jumpIf, label, load, mapOf, move, store } from './instruction.ts';
import type { Instruction } from './instruction.ts';
import { toText } from './text.ts';

const hex = (program: readonly Instruction[], maps = {}): string[] =>
  Buffer.from(assemble(program, maps))
    .toString('hex')
    .match(/.{16}/g)!
    .map((each) => each.replace(/^(..)(..)(....)(.{8})$/, '$1 $2 $3 $4'));

describe(
  'assemble()',
  { skip: !LITTLE_ENDIAN && 'the expected bytes are of a little-endian machine' },
  () => {
    // by the tables of Linux Documentation/bpf/standardization/instruction-set.rst
    it('encodes each kind of instruction', () => {
      const cases: readonly (readonly [Instruction, string])[] = [
        [move('r6', 'r1'), 'bf 16 0000 00000000'],
        [move('r0', 1), 'b7 00 0000 01000000'],
        [move('r1', -1), 'b7 01 0000 ffffffff'],
        [alu(64, 'r2', '+=', -32), '07 02 0000 e0ffffff'],
        [alu(32, 'r0', '%=', 'r7'), '9c 70 0000 00000000'],
        [alu(32, 'r1', '&=', 255), '54 01 0000 ff000000'],
        [alu(64, 'r0', '-=', 'r1'), '1f 10 0000 00000000'],
        [alu(64, 'r0', '*=', 'r7'), '2f 70 0000 00000000'],
        [alu(64, 'r0', '>>=', 32), '77 00 0000 20000000'],
        [load(32, 'r1', 'r6', 24), '61 61 1800 00000000'],
        [load(64, 'r1', 'r8', 8), '79 81 0800 00000000'],
        [store(32, FRAME, -16, 'r1'), '63 1a f0ff 00000000'],
        [store(64, FRAME, -32, 0), '7a 0a e0ff 00000000'],
        [call('map_lookup_elem'), '85 00 0000 01000000'],
        [exit(), '95 00 0000 00000000'],
      ];
      for (const [instruction, expected] of cases)
        assert.deepEqual(hex([instruction]), [expected], toText([instruction]));
    });

    it('resolves maps, which take two slots, and labels in both directions', () => {
      const program = [
        label('again'),
        mapOf('r1', 'services'),
        jumpIf('r0', '==', 0, 'end'),
        jumpIf('r1', '!=', 'r2', 'again'),
        jumpIf('r0', '>', 'r1', 'end'),
        jump('end'),
        move('r0', 0),
        label('end'),
        exit(),
      ];
      assert.deepEqual(hex(program, { services: 7 }), [
        '18 11 0000 07000000',
        '00 00 0000 00000000',
        '15 00 0400 00000000',
        '5d 21 fcff 00000000',
        '2d 10 0200 00000000',
        '05 00 0100 00000000',
        'b7 00 0000 00000000',
        '95 00 0000 00000000',
      ]);
    });

    it('refuses what leads nowhere', () => {
      assert.throws(() => assemble([jump('nowhere')], {}), /there is no label nowhere/);
      assert.throws(() => assemble([mapOf('r1', 'slots')], {}), /there is no map slots/);
      assert.throws(() => assemble([label('a'), label('a')], {}), /label a is there twice/);
    });
  },
);

describe('toText()', () => {
  it('prints a program as the verifier does', () => {
    const program = [
      load(32, 'r1', 'r6', 24),
      store(32, FRAME, -16, 'r1'),
      mapOf('r1', 'services'),
      alu(32, 'r0', '%=', 'r7'),
      jumpIf('r0', '==', 0, 'pass'),
      label('pass'),
      exit(),
    ];
    assert.equal(
      toText(program),
      [
        '  r1 = *(u32 *)(r6 + 24)',
        '  *(u32 *)(r10 - 16) = r1',
        '  r1 = map[services]',
        '  w0 %= w7',
        '  if r0 == 0 goto pass',
        'pass:',
        '  exit',
      ].join('\n'),
    );
  });
});
