// Requests that become streams: exec, attach and port-forward, over WebSocket or SPDY.
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { StreamSession } from '../../runtime/runtime.ts';
import { admit, problemOf } from './answer.ts';
import type { ServerContext } from './answer.ts';
import { HttpProblem, findPod, findRunning } from './container-lookup.ts';
import { isYes } from './route.ts';
import type { ContainerRoute, PodRoute } from './route.ts';
import { forwardPairs } from './streams/port-forward.ts';
import type { PortForward } from './streams/port-forward.ts';
import { commandProtocol, negotiate } from './streams/protocols.ts';
import { runCommand } from './streams/run-command.ts';
import type { Command } from './streams/run-command.ts';
import { expectStreams } from './streams/spdy-streams.ts';
import { acceptSpdy, acceptSpdyInWebSocket, acceptWebSocket } from './streams/transport.ts';
import type { UpgradeRequest } from './streams/transport.ts';
import { forwardChannels } from './streams/web-socket-ports.ts';
import { openWebSocketStreams } from './streams/web-socket-streams.ts';

export const upgrade = async (
  context: ServerContext,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> => {
  socket.on('error', () => {}); // a caller that goes away harms nobody
  try {
    const route = admit(request);
    if (route.kind === 'exec' || route.kind === 'attach')
      return await serveCommand(context, route, { request, socket, head });
    if (route.kind === 'port-forward')
      return await servePortForward(context, route, { request, socket, head });
    throw new HttpProblem(404, '404 page not found');
  } catch (error) {
    refuse(socket, problemOf(context, error));
  }
};

/** HTTP by hand: after an upgrade request there is no response object. */
const refuse = (socket: Duplex, { code, message }: HttpProblem): void => {
  const headers = [
    `HTTP/1.1 ${code} ${STATUS_CODES[code]}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(message)}`,
    'Connection: close',
  ];
  socket.end(`${headers.join('\r\n')}\r\n\r\n${message}`);
};

const serveCommand = async (
  context: ServerContext,
  route: ContainerRoute,
  upgradeRequest: UpgradeRequest,
): Promise<void> => {
  const { transport, name } = negotiate(upgradeRequest.request.headers, 'command');
  const command = commandOf(context, route);
  const { clock } = context.pods;
  if (transport === 'web-socket') {
    const socket = await acceptWebSocket(upgradeRequest, name);
    return runCommand(await openWebSocketStreams(socket, command.flags), command, clock);
  }
  const { onStream, open } = expectStreams(command.flags, commandProtocol(name), clock);
  const connection = acceptSpdy(upgradeRequest, name, onStream);
  const streams = await open(connection).catch(() => connection.close()); // there is nobody to tell
  if (streams) await runCommand(streams, command, clock);
};

/** Throws HttpProblem for what can be said before the upgrade. */
const commandOf = ({ workers, pods }: ServerContext, { kind, of, query }: ContainerRoute): Command => {
  const { id } = findRunning(findPod(workers, of), of);
  const tty = isYes(query, 'tty');
  const stdin = isYes(query, 'input');
  const { runtime } = pods;
  const open: Command['open'] = () =>
    kind === 'exec'
      ? runtime.exec(id, { command: query.getAll('command'), stdin, tty })
      : attachOnly(runtime.attach(id, { stdin, tty }));
  return {
    flags: { stdin, stdout: isYes(query, 'output'), stderr: isYes(query, 'error') && !tty, tty },
    open,
  };
};

/** Who attaches is not told the container's exit code: it is in the pod's status. */
const attachOnly = async (opening: Promise<StreamSession>): Promise<StreamSession> => {
  const session = await opening;
  return { ...session, exited: session.exited.then(() => 0) };
};

const servePortForward = async (
  context: ServerContext,
  route: PodRoute,
  upgradeRequest: UpgradeRequest,
): Promise<void> => {
  const { transport, name } = negotiate(upgradeRequest.request.headers, 'port-forward');
  const forward = forwardOf(context, route);
  if (transport === 'spdy') acceptSpdy(upgradeRequest, name, forwardPairs(forward));
  else if (transport === 'spdy-in-web-socket')
    await acceptSpdyInWebSocket(upgradeRequest, name, forwardPairs(forward));
  else {
    const ports = portsOf(route.query);
    await forwardChannels(await acceptWebSocket(upgradeRequest, name), ports, forward);
  }
};

const forwardOf = ({ workers, pods }: ServerContext, { of }: PodRoute): PortForward => {
  const { sandbox } = findPod(workers, of);
  if (sandbox?.state !== 'ready') throw new HttpProblem(404, `pod ${JSON.stringify(of.pod)} is not running`);
  return {
    open: (port) => pods.runtime.portForward(sandbox.id, port),
    podName: `${of.pod}_${of.namespace}`,
    clock: pods.clock,
  };
};

/** Throws HttpProblem in kubelet's words. */
const portsOf = (query: URLSearchParams): readonly number[] => {
  const texts = query.getAll('port').flatMap((text) => text.split(','));
  if (texts.length === 0) throw new HttpProblem(400, 'query parameter "port" is required');
  return texts.map((text) => {
    const port = Number(text);
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new HttpProblem(400, `unable to parse ${JSON.stringify(text)} as a port`);
    return port;
  });
};
