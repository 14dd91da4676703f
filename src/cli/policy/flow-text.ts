// Flows as a table for people.
import type { Flow, FlowEnd, FlowReason } from '../../policy/flows/flow.ts';

const COLUMNS = ['LAST SEEN', 'VERDICT', 'SOURCE', 'DESTINATION', 'PORT', 'COUNT', 'POLICY'] as const;
/** What a column has at least: rows that come later should stand below those before. */
const WIDTHS = [9, 7, 30, 30, 8, 5, 6];

export const flowHeader = (): string => rowText(COLUMNS);

export const flowText = (flow: Flow): string =>
  rowText([
    new Date(flow.lastSeen).toTimeString().slice(0, 8),
    flow.verdict,
    flowEndText(flow.source),
    flowEndText(flow.destination),
    flowPortText(flow),
    String(flow.connections),
    policyText(flow),
  ]);

const rowText = (cells: readonly string[]): string =>
  cells
    .map((cell, index) => cell.padEnd(WIDTHS[index]!))
    .join('   ')
    .trimEnd();

/** `8080/TCP`, `ICMP`. */
export const flowPortText = ({ port, protocol }: Flow): string =>
  port === undefined ? protocol : `${port}/${protocol}`;

/** `shop/web`, `node node-1`, or the address. */
export const flowEndText = ({ address, namespace, pod, node }: FlowEnd): string => {
  if (pod !== undefined) return `${namespace}/${pod}`;
  return node === undefined ? address : `node ${node}`;
};

/** Of a drop why, of an allowed connection the rules that allow it. */
const policyText = ({ egress, ingress, deniedBy }: Flow): string => {
  const reasons = { egress, ingress };
  const asked = deniedBy ? [deniedBy] : (['egress', 'ingress'] as const);
  const texts = asked.flatMap((direction) => {
    const text = reasons[direction] && reasonText(reasons[direction]);
    return text ? [`${direction}: ${text}`] : [];
  });
  return texts.join(', ') || '<none>';
};

const reasonText = ({ because, policies, rule }: FlowReason): string => {
  const names = policies.map((policy) => policy.slice(policy.indexOf(' ') + 1)).join(', ');
  switch (because) {
    case 'rule':
      return `${names} rule ${rule}`;
    case 'isolated':
      return `isolated by ${names}`;
    case 'pending':
      return 'policies not in the kernel yet';
    case 'changed':
      return 'not by the policies as they are now';
    case 'no policy':
      return '';
  }
};
