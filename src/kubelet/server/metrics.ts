// The gauges of a kubelet, counted when somebody asks.
import type { Pod } from '../../k8s/generated/types.ts';
import * as metrics from '../metrics.ts';

export const gaugePods = (nodeName: string, pods: readonly Pod[]): void => {
  const running = pods.filter(({ status }) => status?.phase === 'Running');
  const containers = running.flatMap(({ status }) => status?.containerStatuses ?? []);
  metrics.nodeName.set(1, nodeName);
  metrics.runningPods.set(running.length);
  metrics.runningContainers.set(containers.filter(({ state }) => state?.running).length, 'running');
};
