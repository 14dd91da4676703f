// Random worlds, policies and packets: the kernel does with each packet what the evaluator says, while the policies of one
// world become those of the next. `FUZZ_CASES=10000 node --test test/kernel/policy-fuzz.test.ts`; FUZZ_SEED repeats a run.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import fc from 'fast-check';
import { formatAddress } from '../../src/ip/address.ts';
import { createPolicyCompiler } from '../../src/policy/compile/policy-compiler.ts';
import { createEvaluator } from '../../src/policy/model/evaluate.ts';
import type { Connection, Decision } from '../../src/policy/model/evaluate.ts';
import type { World } from '../../src/policy/model/world.ts';
import { connection } from '../support/policy-arbitraries.ts';
import { move, worlds } from '../support/policy-moves.ts';
import { createPolicyRouter } from '../support/policy-router.ts';
import type { PolicyRouter } from '../support/policy-router.ts';
import { encodePacket } from '../support/raw-packets.ts';

const CASES = Number(process.env['FUZZ_CASES'] ?? 500);
const PACKETS = 25;
const NODE = 'node-1';
const seed = process.env['FUZZ_SEED'] === undefined ? {} : { seed: Number(process.env['FUZZ_SEED']) };
/** Above the ports that policies name: none is asked for as a destination by more than a chance. */
const [FIRST_ID, IDS] = [20_000, 40_000];

let router: PolicyRouter;
before(() => {
  router = createPolicyRouter(`podnet-test-policy-fuzz-${process.pid}`);
});
after(() => router?.close());

const isHere = (party: Decision['source']): boolean => party.kind === 'pod' && party.pod.node === NODE;

/** What the node itself sends and gets is not forwarded. */
const isJudgedHere = ({ source, destination }: Decision): boolean =>
  [source, destination].every((party) => party.kind !== 'node' || party.node.name !== NODE) &&
  (isHere(source) || isHere(destination));

/** At the ends that are pods of this node. */
const isAllowedHere = ({ source, destination, egress, ingress }: Decision): boolean =>
  (!isHere(source) || egress.isAllowed) && (!isHere(destination) || ingress.isAllowed);

const textOf = ({ source, destination, protocol, port }: Connection): string =>
  `${formatAddress(source)} to ${formatAddress(destination)} ${protocol} ${port ?? ''}`;

it(`the kernel agrees with the evaluator about ${CASES} packets`, async () => {
  const compiler = createPolicyCompiler();
  let world: World | undefined;
  let id = FIRST_ID;
  let cases = 0;
  const allowed = { yes: 0, no: 0 };
  const asked = fc.array(connection, { minLength: PACKETS, maxLength: PACKETS });
  await fc.assert(
    fc.asyncProperty(worlds, asked, async (next, all) => {
      if (cases >= CASES) return;
      move(compiler, world, next);
      world = next;
      router.table.apply(compiler.flush().changes);
      router.forget();
      const evaluate = createEvaluator(next);
      const questions = all
        .map((each) => ({
          each: { ...each, isThroughService: true },
          decision: evaluate({ ...each, isThroughService: true }),
        }))
        .filter(({ decision }) => isJudgedHere(decision));
      const packets = questions.map(({ each: { source, destination, protocol, port = 0 } }) => {
        id = id === FIRST_ID + IDS ? FIRST_ID : id + 1;
        return encodePacket({ source, destination, protocol, port, id });
      });
      const passed = await router.pass(packets);
      questions.forEach(({ each, decision }, index) => {
        const expected = isAllowedHere(decision);
        assert.equal(passed[index], expected, `${textOf(each)} has ${passed[index] ? '' : 'not '}passed`);
        allowed[expected ? 'yes' : 'no']++;
      });
      cases += packets.length;
    }),
    { ...seed, numRuns: Math.ceil((CASES / PACKETS) * 10), endOnFailure: true },
  );
  assert.ok(cases >= CASES, `only ${cases} packets`);
  assert.ok(Math.min(allowed.yes, allowed.no) > cases / 20, `one-sided: ${JSON.stringify(allowed)}`);
});
