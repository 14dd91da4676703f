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
import { histories, move } from '../support/policy-moves.ts';
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

let id = FIRST_ID;
const nextId = (): number => (id = id === FIRST_ID + IDS ? FIRST_ID : id + 1);

/** Sends the first packets of those connections that this node judges; tells how many passed and how many did not. */
const assertAgrees = async (
  world: World,
  connections: readonly Connection[],
): Promise<{ readonly yes: number; readonly no: number }> => {
  const evaluate = createEvaluator(world);
  const questions = connections
    .map((each) => ({ ...each, isThroughService: true }))
    .map((each) => ({ each, decision: evaluate(each) }))
    .filter(({ decision }) => isJudgedHere(decision));
  const packets = questions.map(({ each: { source, destination, protocol, port = 0 } }) =>
    encodePacket({ source, destination, protocol, port, id: nextId() }),
  );
  router.forget();
  const passed = await router.pass(packets);
  questions.forEach(({ each, decision }, index) => {
    const what = `${textOf(each)} has ${passed[index] ? '' : 'not '}passed`;
    assert.equal(passed[index], isAllowedHere(decision), what);
  });
  const yes = passed.filter(Boolean).length;
  return { yes, no: passed.length - yes };
};

it(`the kernel agrees with the evaluator about ${CASES} packets`, async () => {
  const compiler = createPolicyCompiler();
  let before: World | undefined;
  const cases = { yes: 0, no: 0 };
  const asked = fc.array(connection, { minLength: PACKETS, maxLength: PACKETS });
  const property = fc.asyncProperty(histories, asked, async (history, connections) => {
    for (const { world, isFlushed } of history) {
      if (cases.yes + cases.no >= CASES) return;
      move(compiler, before, world);
      before = world;
      if (!isFlushed) continue; // what comes next is written with it
      router.table.apply(compiler.flush().changes);
      const { yes, no } = await assertAgrees(world, connections);
      cases.yes += yes;
      cases.no += no;
    }
  });
  await fc.assert(property, { ...seed, numRuns: Math.ceil((CASES / PACKETS) * 10), endOnFailure: true });
  assert.ok(cases.yes + cases.no >= CASES, `only ${cases.yes + cases.no} packets`);
  assert.ok(Math.min(cases.yes, cases.no) > CASES / 20, `one-sided: ${JSON.stringify(cases)}`);
});
