// Whether the kernel does what the model says.
import { PENDING } from '../../policy/compile/elements.ts';
import type { Explanation } from './explanation.ts';
import type { KernelAnswer, TableAnswer } from './kernel-answer.ts';

/** Sentences about where the two differ; empty where they agree, as far as the kernel could tell. */
export const differences = (explanation: Explanation): readonly string[] => [
  ...tableDifferences(explanation),
  ...probeDifferences(explanation),
];

/** `node-1 allows the egress, node-2 denies the ingress (mark 0x2a), a connection from the pod got no answer`. */
export const kernelText = ({ connection, kernel = NOT_ASKED }: Explanation): string => {
  const { egress, ingress, probe } = kernel;
  const what = connection.protocol === 'UDP' ? 'a datagram' : 'a connection';
  const parts = [
    ...(egress ? [tableText(egress, 'egress')] : []),
    ...(ingress ? [tableText(ingress, 'ingress')] : []),
    ...(probe ? [`${what} from the pod ${PROBES[probe]}`] : []),
  ];
  return parts.join(', ') || 'no policy of any node looks at it';
};

const NOT_ASKED: KernelAnswer = { egress: undefined, ingress: undefined, probe: undefined };

const PROBES = {
  reached: 'was answered',
  silence: 'got no answer',
  unreachable: 'had no way',
} as const;

const tableText = ({ node, isAllowed, mark }: TableAnswer, direction: 'egress' | 'ingress'): string => {
  if (isAllowed) return `${node} allows the ${direction}`;
  return `${node} denies the ${direction} (${mark === PENDING ? 'it does not know the pod yet' : `mark 0x${mark.toString(16)}`})`;
};

const tableDifferences = ({ decision, kernel }: Explanation): readonly string[] =>
  (['egress', 'ingress'] as const).flatMap((direction) => {
    const answer = kernel?.[direction];
    return answer && answer.isAllowed !== decision[direction].isAllowed ? [tableText(answer, direction)] : [];
  });

const probeDifferences = ({ decision, connection, kernel }: Explanation): readonly string[] => {
  const told = kernel?.probe ? [`a connection from the pod ${PROBES[kernel.probe]}`] : [];
  if (kernel?.probe === 'reached') return decision.isAllowed ? [] : told;
  // Anybody else may be silent for reasons of their own, a UDP server as well; where nobody listens, a pod's kernel refuses.
  const mustAnswer =
    decision.isAllowed && decision.destination.kind === 'pod' && connection.protocol === 'TCP';
  return mustAnswer ? told : [];
};
