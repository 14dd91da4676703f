// What is in a cluster, and whether it is ready: one snapshot of the API, pure functions over it.
import type { ApiClient } from '../client/client.ts';
import { hostPort } from '../ip/host-port.ts';
import type { Deployment, Node, Pod, Service } from '../k8s/generated/types.ts';
import type { Stored } from '../k8s/objects.ts';
import { deployments, nodes, pods, services } from '../k8s/resources.ts';
import { renderTable } from './table.ts';

export type ClusterSnapshot = {
  readonly nodes: readonly Stored<Node>[];
  readonly pods: readonly Stored<Pod>[];
  readonly services: readonly Stored<Service>[];
  readonly deployments: readonly Stored<Deployment>[];
};

export const readSnapshot = async (client: ApiClient): Promise<ClusterSnapshot> => {
  const [nodeList, podList, serviceList, deploymentList] = await Promise.all([
    client.list(nodes),
    client.list(pods),
    client.list(services),
    client.list(deployments),
  ]);
  return {
    nodes: nodeList.items,
    pods: podList.items,
    services: serviceList.items,
    deployments: deploymentList.items,
  };
};

type Condition = { readonly type: string; readonly status: string };

const holds = (conditions: readonly Condition[] | undefined, type: string): boolean =>
  conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;

/** Sentences about what is not ready yet; empty when all is. */
export const unready = (snapshot: ClusterSnapshot): readonly string[] => [
  ...snapshot.nodes
    .filter((node) => !holds(node.status?.conditions, 'Ready'))
    .map(({ metadata }) => `node/${metadata.name}: not Ready`),
  ...snapshot.deployments.filter((deployment) => !isRolledOut(deployment)).map(describeDeployment),
  ...snapshot.pods.filter((pod) => !isPodDone(pod)).map(describePod),
  ...snapshot.services
    .filter(waitsForAddress)
    .map(
      ({ metadata }) => `service/${metadata.name} in ${metadata.namespace}: no load balancer's address yet`,
    ),
];

/** What has a class may wait for a program that is not there. */
const waitsForAddress = (service: Stored<Service>): boolean =>
  service.spec?.type === 'LoadBalancer' &&
  service.spec.loadBalancerClass === undefined &&
  balancerIps(service).length === 0;

const balancerIps = ({ status }: Stored<Service>): readonly string[] =>
  (status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? []);

const isRolledOut = ({ metadata, spec, status }: Stored<Deployment>): boolean => {
  const wanted = spec?.replicas ?? 1;
  return (
    status?.observedGeneration === metadata.generation &&
    (status?.updatedReplicas ?? 0) === wanted &&
    (status?.availableReplicas ?? 0) === wanted
  );
};

const describeDeployment = ({ metadata, spec, status }: Stored<Deployment>): string =>
  `deployment/${metadata.name} in ${metadata.namespace}: ${status?.availableReplicas ?? 0} of ${spec?.replicas ?? 1} replicas available`;

const isPodDone = (pod: Stored<Pod>): boolean =>
  pod.metadata.deletionTimestamp !== undefined ||
  pod.status?.phase === 'Succeeded' ||
  holds(pod.status?.conditions, 'Ready');

const describePod = (pod: Stored<Pod>): string => {
  const scheduled = pod.status?.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  const waiting = pod.status?.containerStatuses?.find(({ state }) => state?.waiting)?.state?.waiting;
  const reason = scheduled?.message ?? [waiting?.reason, waiting?.message].filter(Boolean).join(': ');
  return `pod/${pod.metadata.name} in ${pod.metadata.namespace}: ${reason || (pod.status?.phase ?? 'Pending')}`;
};

/** The tables that `up` and `status` show. */
export const renderSnapshot = (snapshot: ClusterSnapshot): string =>
  [renderNodes(snapshot.nodes), renderPods(snapshot.pods), renderServices(snapshot.services)]
    .filter(Boolean)
    .join('\n');

const renderNodes = (all: readonly Stored<Node>[]): string =>
  renderTable(
    ['NODE', 'STATUS', 'ADDRESSES', 'POD CIDRS'],
    all.map(({ metadata, spec, status }) => [
      metadata.name,
      holds(status?.conditions, 'Ready') ? 'Ready' : 'NotReady',
      (status?.addresses ?? [])
        .filter(({ type }) => type === 'InternalIP')
        .map(({ address }) => address)
        .join(','),
      (spec?.podCIDRs ?? []).join(','),
    ]),
  );

const renderPods = (all: readonly Stored<Pod>[]): string =>
  all.length === 0
    ? ''
    : renderTable(
        ['NAMESPACE', 'POD', 'STATUS', 'IPS', 'NODE'],
        all.map((pod) => [
          pod.metadata.namespace ?? '',
          pod.metadata.name,
          holds(pod.status?.conditions, 'Ready') ? 'Ready' : (pod.status?.phase ?? 'Pending'),
          (pod.status?.podIPs ?? []).map(({ ip }) => ip).join(','),
          pod.spec?.nodeName ?? '',
        ]),
      );

const renderServices = (all: readonly Stored<Service>[]): string =>
  renderTable(
    ['NAMESPACE', 'SERVICE', 'TYPE', 'CLUSTER-IPS', 'EXTERNAL-IPS', 'PORTS'],
    all.map((service) => [
      service.metadata.namespace ?? '',
      service.metadata.name,
      service.spec?.type ?? 'ClusterIP',
      (service.spec?.clusterIPs ?? []).join(','),
      [...balancerIps(service), ...(service.spec?.externalIPs ?? [])].join(','),
      (service.spec?.ports ?? [])
        .map(({ port, nodePort, protocol }) => `${port}${nodePort ? `:${nodePort}` : ''}/${protocol}`)
        .join(','),
    ]),
  );

/** The command lines that work now, given what there is. */
export const suggestions = (snapshot: ClusterSnapshot, kubectl: string): readonly string[] => {
  const own = snapshot.services.filter(
    ({ metadata }) => metadata.namespace !== 'kube-system' && metadata.name !== 'kubernetes',
  );
  const lines = [`${kubectl} get pods,services -A -o wide`];
  const nodeIp = snapshot.nodes[0]?.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  for (const service of own.slice(0, 2)) {
    const { metadata, spec } = service;
    const port = spec?.ports?.find(({ protocol }) => protocol === 'TCP');
    const ip = spec?.clusterIP;
    if (!port || !ip || ip === 'None') continue;
    lines.push(
      `curl http://${hostPort(ip, port.port)}    # Service ${metadata.namespace}/${metadata.name}, from this machine`,
    );
    if (port.nodePort && nodeIp)
      lines.push(`curl http://${hostPort(nodeIp, port.nodePort)}    # the same at its NodePort`);
    for (const balancerIp of balancerIps(service).slice(0, 1))
      lines.push(`curl http://${hostPort(balancerIp, port.port)}    # the same at its load balancer`);
  }
  const pod = snapshot.pods.find((candidate) => holds(candidate.status?.conditions, 'Ready'));
  if (pod) lines.push(`${kubectl} exec -n ${pod.metadata.namespace} ${pod.metadata.name} -- env`);
  return lines;
};
