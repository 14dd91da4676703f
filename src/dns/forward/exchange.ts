// One question to one other server: by UDP, and by TCP where the answer does not fit. Rejects when there is no answer.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { Socket } from 'node:net';
import { decodeMessage, encodeMessage } from '../../wire/dns/codec.ts';
import type { Message, Question } from '../../wire/dns/message.ts';
import { lowerName } from '../../wire/dns/name.ts';
import { queryOf } from '../../wire/dns/query.ts';
import { familyOf } from '../../ip/address.ts';
import type { Clock } from '../../lang/clock.ts';
import type { ResolveOptions } from '../respond.ts';
import { UDP_BYTES_MAX } from '../udp-size.ts';
import type { Upstream } from './forward-zone.ts';
import { FrameReader, framed } from '../server/frames.ts';

export type Exchange = (upstream: Upstream, query: Message) => Promise<Message>;

const TIMEOUT_MS = 2_000;

/** A query of our own: the client's id and options stay with us. */
export const queryFor = (question: Question, { dnssecOk, checkingDisabled }: ResolveOptions): Message => {
  const query = queryOf(randomInt(0x10000), question);
  return {
    ...query,
    flags: { ...query.flags, cd: checkingDisabled },
    edns: { udpBytes: UDP_BYTES_MAX, version: 0, dnssecOk, options: [] },
  };
};

export const createExchange =
  (clock: Clock): Exchange =>
  async (upstream, query) => {
    if (upstream.transport === 'tcp') return askByTcp(upstream, query, clock);
    const answer = await askByUdp(upstream, query, clock);
    return answer.flags.tc ? askByTcp(upstream, query, clock) : answer;
  };

/** A socket of its own for each question: its random port is half of what a forger has to guess (RFC 5452). */
const askByUdp = ({ address, port }: Upstream, query: Message, clock: Clock): Promise<Message> =>
  new Promise((resolve, reject) => {
    const socket = createSocket(familyOf(address) === 6 ? 'udp6' : 'udp4');
    const end = (act: () => void): void => {
      timer.cancel();
      socket
        .removeAllListeners()
        .on('error', () => {})
        .close();
      act();
    };
    const fail = (error: Error): void => end(() => reject(error));
    const timer = clock.after(TIMEOUT_MS, () => fail(new Error(`no answer in ${TIMEOUT_MS} ms`)));
    socket.on('error', fail);
    socket.on('message', (bytes) => {
      const answer = answerIn(bytes, query);
      if (answer) end(() => resolve(answer)); // anything else is a stranger's: the real one may still come
    });
    socket.on('connect', () => socket.send(encodeMessage(query)));
    socket.connect(port, address);
  });

const askByTcp = ({ address, port }: Upstream, query: Message, clock: Clock): Promise<Message> =>
  new Promise((resolve, reject) => {
    const socket = new Socket();
    const end = (act: () => void): void => {
      timer.cancel();
      socket.destroy();
      act();
    };
    const fail = (error: Error): void => end(() => reject(error));
    const timer = clock.after(TIMEOUT_MS, () => fail(new Error(`no answer by TCP in ${TIMEOUT_MS} ms`)));
    const reader = new FrameReader((bytes) => {
      const answer = answerIn(bytes, query);
      if (answer) end(() => resolve(answer));
    });
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the connection was closed without an answer')));
    socket.on('data', (chunk: Buffer) => reader.push(chunk));
    socket.on('connect', () => socket.write(framed(encodeMessage(query))));
    socket.connect(port, address);
  });

/** The message if it answers this very question. */
const answerIn = (bytes: Uint8Array, query: Message): Message | undefined => {
  const decoded = decodeMessage(bytes);
  if (!decoded.ok) return undefined;
  const { message } = decoded;
  const [[asked], [echoed]] = [query.questions, message.questions];
  const isSame =
    asked !== undefined &&
    echoed !== undefined &&
    asked.type === echoed.type &&
    asked.class === echoed.class &&
    lowerName(asked.name) === lowerName(echoed.name);
  return message.flags.qr && message.id === query.id && isSame ? message : undefined;
};
