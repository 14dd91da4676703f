// Lifecycle hooks: exec, httpGet, tcpSocket and sleep, with no time limit of their own.
import type { Container, LifecycleHandler } from '../../k8s/generated/types.ts';
import type { Clock } from '../../lang/clock.ts';
import { httpGet } from '../probes/http-get.ts';
import { portOf } from '../probes/port.ts';
import { tcpConnect } from '../probes/tcp-connect.ts';
import { podIpsOf } from './context.ts';
import type { PodContext } from './context.ts';
import type { PodRecord } from './pod-record.ts';

/** The longest that a hook may take; preStop is also bound by the grace period. */
const HOOK_MS = 3600_000;

/** Throws when the hook fails. */
export const runHook = async (
  context: PodContext,
  record: PodRecord,
  container: Container,
  containerId: string,
  hook: LifecycleHandler,
): Promise<void> => {
  const { exec, httpGet: request, tcpSocket, sleep } = hook;
  const podIp = podIpsOf(record, context)[0] ?? '';
  if (sleep) return sleepFor(context.clock, sleep.seconds * 1000);
  if (exec) return runCommand(context, containerId, exec.command ?? []);
  if (request) {
    const { statusCode } = await httpGet(request, {
      host: podIp,
      port: portOf(request.port, container),
      timeoutMs: HOOK_MS,
    });
    if (statusCode >= 400) throw new Error(`HTTP hook failed with statuscode: ${statusCode}`);
  }
  if (tcpSocket) await tcpConnect(tcpSocket.host ?? podIp, portOf(tcpSocket.port, container), HOOK_MS);
};

const runCommand = async (
  { runtime }: PodContext,
  containerId: string,
  command: readonly string[],
): Promise<void> => {
  const { exitCode, stderr } = await runtime.execSync(containerId, command, HOOK_MS);
  if (exitCode !== 0)
    throw new Error(
      `command '${command.join(' ')}' exited with ${exitCode}: ${Buffer.from(stderr).toString()}`,
    );
};

const sleepFor = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.after(ms, resolve));
