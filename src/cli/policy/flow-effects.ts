// What other policies would do to flows that have been seen: which they would cut, which denied ones they would let through.
import { parseAddress } from '../../ip/address.ts';
import type { Flow, FlowEnd } from '../../policy/flows/flow.ts';
import { createEvaluator } from '../../policy/model/evaluate.ts';
import type { Connection, Decision } from '../../policy/model/evaluate.ts';
import type { Party } from '../../policy/model/match.ts';
import type { PolicyRules } from '../../policy/model/rules.ts';
import { verdictText } from '../../policy/model/verdict-text.ts';
import type { World } from '../../policy/model/world.ts';

export type FlowEffect = {
  readonly effect: 'cut' | 'opened';
  readonly flow: Flow;
  /** The end that would deny it, or that of the destination, and why. */
  readonly because: string;
};

/** Of pods that are still there: whose address is another's by now, nobody asks for again. */
export const flowEffects = (
  world: World,
  after: readonly PolicyRules[],
  flows: readonly Flow[],
): readonly FlowEffect[] => {
  const evaluators = [createEvaluator(world), createEvaluator({ ...world, policies: after })] as const;
  return flows.flatMap((flow) => {
    const connection = connectionOf(flow);
    if (!connection) return [];
    const [was, is] = evaluators.map((evaluate) => evaluate(connection)) as [Decision, Decision];
    const isThere = isOwner(was.source, flow.source) && isOwner(was.destination, flow.destination);
    if (!isThere || was.isAllowed === is.isAllowed) return [];
    return [{ effect: is.isAllowed ? ('opened' as const) : ('cut' as const), flow, because: reasonOf(is) }];
  });
};

/** The nodes see only what comes through them: a pod met itself through a Service. */
const connectionOf = ({ source, destination, protocol, port }: Flow): Connection | undefined => {
  const [from, to] = [parseAddress(source.address), parseAddress(destination.address)];
  const isThroughService = source.address === destination.address;
  return from && to && { source: from, destination: to, protocol, port, isThroughService };
};

const isOwner = (party: Party, { namespace, pod }: FlowEnd): boolean =>
  party.kind === 'pod' ? party.pod.namespace === namespace && party.pod.name === pod : pod === undefined;

const reasonOf = ({ egress, ingress }: Decision): string =>
  egress.isAllowed ? `ingress ${verdictText(ingress)}` : `egress ${verdictText(egress)}`;
