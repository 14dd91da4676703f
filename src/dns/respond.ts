// From the bytes of a query to the bytes of its response: what is asked for, who answers, how much fits.
import { decodeMessage, encodeMessage } from '../wire/dns/codec.ts';
import type { Header } from '../wire/dns/codec.ts';
import { CLASS_ANY, CLASS_IN, OPCODE_QUERY, RCODE, TYPE } from '../wire/dns/constants.ts';
import type { Edns, Message, Question, ResourceRecord } from '../wire/dns/message.ts';
import { answerFromZone } from './answer.ts';
import type { ZoneAnswer, ZoneView } from './answer.ts';
import { tell } from './name-watch.ts';
import type { NameWatch } from './name-watch.ts';
import { UDP_BYTES_MAX, UDP_BYTES_MIN } from './udp-size.ts';

const TCP_BYTES_MAX = 65_535;

export type Transport = 'udp' | 'tcp';

export type Responder = {
  /** Undefined until all that the zone is made of has come: then nothing can be denied. */
  readonly zone: () => ZoneView | undefined;
  /** Names that are not the cluster's. Never rejects: a failure is a message with SERVFAIL. */
  readonly resolve: (question: Question, options: ResolveOptions) => Promise<Message>;
  readonly isInCluster: (name: string) => boolean;
  readonly watch?: NameWatch | undefined;
};

export type ResolveOptions = {
  readonly dnssecOk: boolean;
  readonly checkingDisabled: boolean;
  /** Who asks: none may take the places of all others. */
  readonly client?: string;
};

/** Undefined: no answer at all. What the zone knows is answered at once, without a promise. */
export const respond = (
  query: Uint8Array,
  { transport, client }: { readonly transport: Transport; readonly client: string },
  responder: Responder,
  rotation: number,
): Uint8Array | undefined | Promise<Uint8Array> => {
  const decoded = decodeMessage(query);
  if (!decoded.ok) return decoded.header && malformed(decoded.header);
  const { message } = decoded;
  if (message.flags.qr) return undefined; // never answer an answer: two servers would do so for ever
  const limitBytes = transport === 'tcp' ? TCP_BYTES_MAX : udpLimit(message.edns);
  const send = (reply: Reply): Uint8Array => encodeMessage(responseTo(message, reply), limitBytes);
  const refusal = refusalOf(message);
  if (refusal !== undefined) return send({ rcode: refusal });
  const [question] = message.questions as readonly [Question];
  const zone = responder.zone();
  if (!zone && responder.isInCluster(question.name)) return send({ rcode: RCODE.SERVFAIL });
  const answer: ZoneAnswer = zone ? answerFromZone(question, zone, rotation) : { kind: 'outside' };
  const sendTold = (reply: Reply): Uint8Array => {
    if (responder.watch) tell(responder.watch, question.name, reply);
    return send(reply);
  };
  if (answer.kind === 'answer') return sendTold({ ...answer, isAuthoritative: true });
  const options = {
    dnssecOk: message.edns?.dnssecOk ?? false,
    checkingDisabled: message.flags.cd,
    client,
  };
  return resolveOutside(responder, question, answer, options).then(sendTold);
};

const udpLimit = (edns: Edns | undefined): number =>
  Math.min(UDP_BYTES_MAX, Math.max(UDP_BYTES_MIN, edns?.udpBytes ?? UDP_BYTES_MIN));

const malformed = ({ id, flags }: Header): Uint8Array | undefined => {
  if (flags.qr) return undefined;
  const nothing = { questions: [], answers: [], authorities: [], additionals: [], edns: undefined };
  return encodeMessage({
    id,
    ...nothing,
    flags: { ...flags, qr: true, aa: false, tc: false, rcode: RCODE.FORMERR },
  });
};

/** The error for what nobody can answer here. */
const refusalOf = ({ flags, questions, edns }: Message): number | undefined => {
  if (flags.opcode !== OPCODE_QUERY) return RCODE.NOTIMP;
  const [question] = questions;
  if (!question || questions.length > 1) return RCODE.FORMERR;
  if (edns && edns.version > 0) return RCODE.BADVERS;
  const isTransfer = question.type === TYPE.AXFR || question.type === TYPE.IXFR;
  const isInternet = question.class === CLASS_IN || question.class === CLASS_ANY;
  return isTransfer || !isInternet ? RCODE.REFUSED : undefined;
};

type Reply = {
  readonly rcode: number;
  readonly isAuthoritative?: boolean;
  readonly isAuthentic?: boolean;
  readonly answers?: readonly ResourceRecord[];
  readonly authorities?: readonly ResourceRecord[];
  readonly additionals?: readonly ResourceRecord[];
};

const resolveOutside = async (
  responder: Responder,
  question: Question,
  answer: Extract<ZoneAnswer, { kind: 'outside' | 'alias' }>,
  options: ResolveOptions,
): Promise<Reply> => {
  const asked = answer.kind === 'alias' ? { ...question, name: answer.target } : question;
  const { flags, answers, authorities, additionals } = await responder.resolve(asked, options);
  if (answer.kind === 'outside') {
    return { rcode: flags.rcode, isAuthentic: flags.ad, answers, authorities, additionals };
  }
  return { rcode: flags.rcode, answers: [...answer.answers, ...answers], authorities, additionals };
};

const responseTo = ({ id, flags, questions, edns }: Message, reply: Reply): Message => ({
  id,
  questions: questions.slice(0, 1), // more are refused (RFC 9619), and might not fit
  flags: {
    qr: true,
    opcode: flags.opcode,
    tc: false,
    rd: flags.rd,
    ra: true,
    cd: flags.cd,
    aa: reply.isAuthoritative ?? false,
    ad: reply.isAuthentic ?? false,
    rcode: reply.rcode,
  },
  answers: reply.answers ?? [],
  authorities: reply.authorities ?? [],
  additionals: reply.additionals ?? [],
  edns: edns && { udpBytes: UDP_BYTES_MAX, version: 0, dnssecOk: edns.dnssecOk, options: [] },
});
