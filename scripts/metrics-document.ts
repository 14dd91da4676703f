// docs/reference/metrics.md as text, made from the lists that the servers show.
import { controlPlanePage, dnsPage, nodePage, proxyPage } from '../src/metric-pages.ts';
import type { Family } from '../src/metrics/family.ts';

const PAGES: readonly {
  readonly title: string;
  readonly how: string;
  readonly families: readonly Family[];
}[] = [
  {
    title: 'Control plane',
    how: 'The API server, `/metrics` (`kubectl get --raw /metrics`): requests, and the loops of all controllers.',
    families: controlPlanePage,
  },
  {
    title: 'Node agent',
    how: "The kubelet's port 10250, `/metrics`, with a client certificate of the cluster: pods, and the agent's loops.",
    families: nodePage,
  },
  {
    title: 'Service proxy',
    how:
      "Port 10249 of each node's loopback, `/metrics`, as kube-proxy has it. All of kube-proxy's, but for those of its iptables mode, " +
      'and for packets that are refused on localhost (KEP-6032): the kernel does that by itself, and counts them nowhere.',
    families: proxyPage,
  },
  {
    title: 'Cluster DNS',
    how: "Port 9153 of each node's address, `/metrics`, as CoreDNS has it.",
    families: dnsPage,
  },
];

export const metricsDocument = (): string =>
  [
    '# Metrics',
    '',
    '<!-- Written by `npm run generate:docs`. -->',
    '',
    "Prometheus' text format; names are those of Kubernetes' components where one exists. Each thread counts for itself:",
    'the control plane is one, each node agent another.',
    ...PAGES.flatMap(({ title, how, families }) => ['', `## ${title}`, '', how, '', ...table(families)]),
    '',
  ].join('\n');

const table = (families: readonly Family[]): readonly string[] => [
  '| metric | type | labels | what it says |',
  '|---|---|---|---|',
  ...families.map(
    ({ name, type, labelNames, help }) =>
      `| \`${name}\` | ${type} | ${labelNames.map((label) => `\`${label}\``).join(' ')} | ${help} |`,
  ),
];
