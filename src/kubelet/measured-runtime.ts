// A runtime that counts its operations, as the kubelet counts its calls of the CRI (pkg/kubelet/kuberuntime,
// instrumented_services.go, 1.36).
import { startStopwatch } from '../metrics/stopwatch.ts';
import type { PodRuntime } from '../runtime/runtime.ts';
import * as metrics from './metrics.ts';

/** What is asked for all the time and answered from memory (status, lists) is not measured. */
const OPERATIONS = {
  runPodSandbox: 'run_podsandbox',
  stopPodSandbox: 'stop_podsandbox',
  removePodSandbox: 'remove_podsandbox',
  createContainer: 'create_container',
  startContainer: 'start_container',
  stopContainer: 'stop_container',
  removeContainer: 'remove_container',
  execSync: 'exec_sync',
  exec: 'exec',
  attach: 'attach',
  portForward: 'port_forward',
  pullImage: 'pull_image',
} as const satisfies Partial<Record<keyof PodRuntime, string>>;

export const measureRuntime = (runtime: PodRuntime): PodRuntime => ({
  ...runtime,
  ...measuredOperations(runtime),
  runPodSandbox: measureSandboxes(measuredOperations(runtime).runPodSandbox),
});

type Operations = Pick<PodRuntime, keyof typeof OPERATIONS>;

const measuredOperations = (runtime: PodRuntime): Operations =>
  Object.fromEntries(
    Object.entries(OPERATIONS).map(([method, operation]) => [
      method,
      measure(operation, runtime[method as keyof Operations] as Operation),
    ]),
  ) as unknown as Operations;

type Operation = (...args: readonly unknown[]) => Promise<unknown>;

const measure =
  (operation: string, run: Operation): Operation =>
  async (...args) => {
    const seconds = startStopwatch();
    metrics.runtimeOperations.inc(1, operation);
    try {
      return await run(...args);
    } catch (error) {
      metrics.runtimeOperationErrors.inc(1, operation);
      throw error;
    } finally {
      metrics.runtimeOperationSeconds.observe(seconds(), operation);
    }
  };

/** Pods name no RuntimeClass here. */
const HANDLER = '';

const measureSandboxes =
  (run: PodRuntime['runPodSandbox']): PodRuntime['runPodSandbox'] =>
  async (config) => {
    const seconds = startStopwatch();
    metrics.startedPods.inc(1);
    try {
      return await run(config);
    } catch (error) {
      metrics.startedPodsErrors.inc(1);
      metrics.runSandboxErrors.inc(1, HANDLER);
      throw error;
    } finally {
      metrics.runSandboxSeconds.observe(seconds(), HANDLER);
    }
  };
