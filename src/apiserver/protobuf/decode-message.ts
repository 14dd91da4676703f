// A protobuf message of Kubernetes' API as the JSON object that it stands for.
import type { Reader } from 'protobufjs/minimal.js';
import { type FieldFacts, messageFacts } from './facts.ts';
import { CHOICES, SPECIAL_MESSAGES } from './special-messages.ts';

export type JsonObject = { [key: string]: unknown };

/** Decodes `length` bytes. Fields that are not known are skipped. Throws RangeError for bytes that end early. */
export const decodeMessage = (reader: Reader, length: number, name: string): unknown => {
  const end = endOf(reader, length);
  const special = SPECIAL_MESSAGES[name];
  if (special) return special(reader, end);
  const object: JsonObject = {};
  const facts = messageFacts(name);
  while (reader.pos < end) {
    const tag = reader.uint32();
    const field = facts[tag >>> 3];
    if (field) decodeField(reader, field, object);
    else reader.skipType(tag & 7);
  }
  return CHOICES[name]?.(object) ?? object;
};

const decodeField = (reader: Reader, [name, type, rule]: FieldFacts, object: JsonObject): void => {
  switch (rule) {
    case 'list':
      return void ((object[name] ??= []) as unknown[]).push(decodeValue(reader, type));
    case 'map':
      return decodeEntry(reader, type, own(object, name));
    case 'inline':
      return void Object.assign(object, decodeValue(reader, type));
    case 'one':
    case 'omitted':
      return setOne(object, name, decodeValue(reader, type), rule);
  }
};

/** Go writes every scalar that is not a pointer, zero or not; JSON leaves zeros out where `omitempty` says so. */
const setOne = (object: JsonObject, name: string, value: unknown, rule: 'one' | 'omitted'): void => {
  if (value === undefined || (rule === 'omitted' && !value)) return;
  object[name] = value;
};

const own = (object: JsonObject, name: string): JsonObject => (object[name] ??= {}) as JsonObject;

/** A map is a list of {1: key, 2: value}; either may be missing, and then it is zero. */
const decodeEntry = (reader: Reader, type: string, map: JsonObject): void => {
  const end = endOf(reader, reader.uint32());
  let key = '';
  let value = zeroOf(type);
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1) key = reader.string();
    else if (tag >>> 3 === 2) value = decodeValue(reader, type);
    else reader.skipType(tag & 7);
  }
  Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
};

const zeroOf = (type: string): unknown => (type === 'string' || type === 'bytes' ? '' : {});

const decodeValue = (reader: Reader, type: string): unknown => {
  switch (type) {
    case 'string':
      return reader.string();
    case 'bool':
      return reader.bool();
    case 'int32':
      return reader.int32();
    case 'uint32':
      return reader.uint32();
    case 'int64':
      return Number(reader.int64());
    case 'uint64':
      return Number(reader.uint64());
    case 'double':
      return reader.double();
    case 'bytes':
      return Buffer.from(reader.bytes()).toString('base64');
    default:
      return decodeMessage(reader, reader.uint32(), type);
  }
};

const endOf = (reader: Reader, length: number): number => {
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError(`message of ${length} bytes ends after the body`);
  return end;
};
