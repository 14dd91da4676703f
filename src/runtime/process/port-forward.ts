// A connection to a port inside a pod, for kubectl port-forward.
import { connectLoopback } from '../../kernel/loopback.ts';
import { netnsPath, withNetns } from '../../kernel/netns.ts';
import type { PodRuntime } from '../runtime.ts';
import type { SandboxRecord } from './records.ts';

/** Connects to localhost as a program of the pod would, by IPv4 and else IPv6. */
export const openPortForward = (
  { netns }: SandboxRecord,
  port: number,
): Awaited<ReturnType<PodRuntime['portForward']>> => {
  const socket = netns ? withNetns(netnsPath(netns), () => connectLoopback(port)) : connectLoopback(port);
  return { readable: socket, writable: socket, close: () => socket.destroy() };
};
