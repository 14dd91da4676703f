// The encodings of answers and of watches: JSON, YAML, and Kubernetes' protobuf, which typed clients of client-go ask for.
import { encodeProtobufEvent, encodeProtobufObject } from '../protobuf/encode-object.ts';
import { type Encoding, PROTOBUF } from './accept.ts';
import { type Answer, type DocumentAnswer, jsonAnswer } from './exchange.ts';

/** A kind with messages, if it is to be protobuf. */
export function encodedAnswer(encoding: 'json' | 'protobuf', code: number, body: object): DocumentAnswer;
export function encodedAnswer(encoding: Encoding, code: number, body: object): Answer | Promise<Answer>;
export function encodedAnswer(encoding: Encoding, code: number, body: object): Answer | Promise<Answer> {
  if (encoding === 'yaml') return yamlAnswer(code, body);
  if (encoding === 'json') return jsonAnswer(code, body);
  return { kind: 'document', code, contentType: PROTOBUF, body: encodeProtobufObject(body) };
}

/** YAML is for people who ask with curl; its package is loaded when the first one does. */
const yamlAnswer = async (code: number, body: object): Promise<Answer> => {
  const { stringify } = await import('yaml');
  return { kind: 'document', code, contentType: 'application/yaml', body: stringify(body) };
};

export type StreamEncoding = Exclude<Encoding, 'yaml'>;

export const STREAM_TYPES: Readonly<Record<StreamEncoding, string>> = {
  json: 'application/json',
  protobuf: `${PROTOBUF};stream=watch`,
};

/** One event of a watch, in its frame. */
export const encodedEvent = (encoding: StreamEncoding, type: string, object: object): Uint8Array =>
  encoding === 'protobuf'
    ? encodeProtobufEvent(type, object)
    : encodedJsonEvent(type, JSON.stringify(object));

export const encodedJsonEvent = (type: string, json: string): Uint8Array =>
  Buffer.from(`{"type":"${type}","object":${json}}\n`);
