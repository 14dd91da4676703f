// Performs one probe from inside the node, with kubelet's texts (pkg/kubelet/prober/prober.go).
import type { Container, Probe } from '../../k8s/generated/types.ts';
import { RuntimeError } from '../../runtime/runtime.ts';
import type { PodRuntime } from '../../runtime/runtime.ts';
import { httpGet } from './http-get.ts';
import { portOf } from './port.ts';
import { tcpConnect } from './tcp-connect.ts';

export type ProbeTarget = {
  readonly container: Container;
  readonly containerId: string;
  readonly podIp: string;
  readonly runtime: Pick<PodRuntime, 'execSync'>;
};

export type Outcome = { readonly ok: boolean; readonly output: string };

/** Throws when the probe cannot be performed at all: then it says nothing. */
export const runProbe = async (probe: Probe, target: ProbeTarget): Promise<Outcome> => {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000;
  const { exec, httpGet: request, tcpSocket, grpc } = probe;
  if (exec) return runCommand(exec.command ?? [], target, timeoutMs);
  if (request) {
    const port = portOf(request.port, target.container);
    const answer = await failing(httpGet(request, { host: target.podIp, port, timeoutMs }));
    return 'output' in answer ? answer : judge(answer.statusCode);
  }
  if (tcpSocket) {
    const port = portOf(tcpSocket.port, target.container);
    const answer = await failing(tcpConnect(tcpSocket.host ?? target.podIp, port, timeoutMs));
    return answer ?? { ok: true, output: '' };
  }
  if (!grpc) throw new Error('missing probe handler');
  const { checkHealth } = await import('./grpc-health.ts');
  const answer = await failing(checkHealth({ host: target.podIp, port: grpc.port, timeoutMs }, grpc.service));
  return answer ?? { ok: true, output: '' };
};

const judge = (statusCode: number): Outcome =>
  statusCode >= 200 && statusCode < 400
    ? { ok: true, output: '' }
    : { ok: false, output: `HTTP probe failed with statuscode: ${statusCode}` };

const failing = async <T>(attempt: Promise<T>): Promise<T | Outcome> => {
  try {
    return await attempt;
  } catch (error) {
    return { ok: false, output: (error as Error).message };
  }
};

/** kubelet keeps no more of a command's output. */
const MAX_OUTPUT_BYTES = 10 * 1024;

const runCommand = async (
  command: readonly string[],
  { runtime, containerId }: ProbeTarget,
  timeoutMs: number,
): Promise<Outcome> => {
  try {
    const { exitCode, stdout, stderr } = await runtime.execSync(containerId, command, timeoutMs);
    const output = Buffer.concat([stdout, stderr]).subarray(0, MAX_OUTPUT_BYTES).toString('utf8');
    return { ok: exitCode === 0, output };
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.code !== 'EXEC_TIMEOUT') throw error;
    const output = `command timed out: "${command.join(' ')}" timed out after ${timeoutMs / 1000}s`;
    return { ok: false, output };
  }
};
