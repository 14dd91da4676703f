// A DNS server of others, in a thread inside a network namespace.
import { once } from 'node:events';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { listen } from '../../src/dns/server/listener.ts';
import type { Answerer } from '../../src/dns/server/listener.ts';
import { addressToBytes, parseAddress } from '../../src/ip/address.ts';
import { DatagramBatch } from '../../src/kernel/datagram-batch.ts';
import { enterNetns } from '../../src/kernel/netns.ts';
import { silentLog as log } from '../../src/lang/log.ts';
import { decodeMessage, encodeMessage } from '../../src/wire/dns/codec.ts';
import { RCODE, TYPE } from '../../src/wire/dns/constants.ts';
import type { Message, ResourceRecord } from '../../src/wire/dns/message.ts';

/** What the server says of a name: through aliases, if there are any, to addresses, if there are any. */
export type UpstreamName = {
  readonly aliases?: readonly string[];
  readonly addresses?: readonly string[];
  readonly ttlSeconds: number;
};

export type UpstreamDnsOptions = {
  readonly netns: string;
  readonly address: string;
  readonly port: number;
  readonly names: Readonly<Record<string, UpstreamName>>;
};

/** Resolves when it answers. */
export const startUpstreamDns = async (
  options: UpstreamDnsOptions,
): Promise<{ readonly close: () => Promise<void> }> => {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { upstreamDns: options },
    trackUnmanagedFds: false, // kernel/ opens descriptors by itself
  });
  await once(worker, 'message');
  return { close: async () => void (await worker.terminate()) };
};

const recordsOf = (
  name: string,
  { aliases = [], addresses = [], ttlSeconds }: UpstreamName,
  type: number,
) => {
  const owners = [name, ...aliases];
  const common = { class: 1, ttlSeconds };
  const way = aliases.map((target, index): ResourceRecord => ({
    ...common,
    name: owners[index]!,
    type: TYPE.CNAME,
    data: { kind: 'name', name: target },
  }));
  const ends = addresses
    .filter((text) => text.includes(':') === (type === TYPE.AAAA))
    .map((text): ResourceRecord => ({
      ...common,
      name: owners.at(-1)!,
      type,
      data: { kind: 'address', bytes: addressToBytes(parseAddress(text)!) },
    }));
  return [...way, ...ends];
};

const answerFrom =
  (names: UpstreamDnsOptions['names']): Answerer =>
  (query, transport) => {
    const { message } = decodeMessage(query) as { message: Message };
    const [{ name, type }] = message.questions as [Message['questions'][0]];
    const known = names[name.toLowerCase()];
    const flags = { ...message.flags, qr: true, ra: true, rcode: known ? RCODE.NOERROR : RCODE.NXDOMAIN };
    const answers = known ? recordsOf(name, known, type) : [];
    return encodeMessage({ ...message, flags, answers }, transport === 'udp' ? 512 : 65_535);
  };

const run = async ({ netns, address, port, names }: UpstreamDnsOptions): Promise<void> => {
  enterNetns(netns);
  await listen({ address, port, batch: new DatagramBatch(), answer: answerFrom(names), log });
  parentPort!.postMessage('listening');
};

const { upstreamDns } = (workerData ?? {}) as { readonly upstreamDns?: UpstreamDnsOptions };
if (!isMainThread && upstreamDns) await run(upstreamDns);
