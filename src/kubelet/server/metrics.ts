// The few figures of a kubelet that dashboards look for, in Prometheus' text format.
import type { Pod } from '../../k8s/generated/types.ts';

export const metricsText = (nodeName: string, pods: readonly Pod[]): string => {
  const running = pods.filter(({ status }) => status?.phase === 'Running');
  const containers = running.flatMap(({ status }) => status?.containerStatuses ?? []);
  return [
    '# TYPE kubelet_node_name gauge',
    `kubelet_node_name{node="${nodeName}"} 1`,
    '# TYPE kubelet_running_pods gauge',
    `kubelet_running_pods ${running.length}`,
    '# TYPE kubelet_running_containers gauge',
    `kubelet_running_containers{container_state="running"} ${containers.filter(({ state }) => state?.running).length}`,
    '',
  ].join('\n');
};
