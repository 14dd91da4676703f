// Port forwarding over WebSocket channels, one connection a port: channel 2i carries the data of port i, 2i + 1 its error,
// each after the port's number (k8s.io/kubelet/pkg/cri/streaming/portforward/websocket.go). v5 adds `255 CHANNEL`: its end.
import { Duplex, Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import { CLOSE, frame } from './channels.ts';
import { carry } from './port-forward.ts';
import type { PortForward } from './port-forward.ts';

export const forwardChannels = async (
  socket: WebSocket,
  ports: readonly number[],
  forward: PortForward,
): Promise<void> => {
  socket.on('error', () => {});
  const channels = ports.map((_, index) => dataChannel(socket, 2 * index));
  socket.on('message', (message: Buffer) => {
    const [number, rest] = [message[0]!, message.subarray(1)];
    if (number === CLOSE) return void channels[rest[0]! / 2]?.push(null);
    const channel = channels[number / 2];
    if (channel && !channel.readableEnded && !channel.push(rest)) socket.pause();
  });
  socket.once('close', () => channels.forEach((channel) => channel.destroy()));
  await Promise.all(
    ports.map((port, index) => {
      const number = Buffer.of(port & 0xff, port >> 8);
      for (const channel of [2 * index, 2 * index + 1]) socket.send(frame(channel, number));
      return carry(forward, port, channels[index]!, writableChannel(socket, 2 * index + 1));
    }),
  );
  socket.resume();
  socket.close(1000);
};

const dataChannel = (socket: WebSocket, number: number): Duplex => {
  const channel = new Duplex({ read: () => socket.resume(), write: writer(socket, number) });
  return channel.on('error', () => {});
};

const writableChannel = (socket: WebSocket, number: number): Writable =>
  new Writable({ write: writer(socket, number) });

const writer =
  (socket: WebSocket, number: number) =>
  (data: Buffer, _encoding: string, done: () => void): void =>
    socket.send(frame(number, data), () => done());
