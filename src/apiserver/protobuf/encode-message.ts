// A JSON object of Kubernetes' API as the protobuf message that stands for it.
import { type BackwardWriter, BYTES, FIXED64, VARINT } from './backward-writer.ts';
import { type FieldFacts, messageFacts } from './facts.ts';
import { SPECIAL_ENCODERS } from './special-encoders.ts';

/** Writes the value of a message, without tag and length. What the message has no field for is left out. */
export const encodeMessage = (writer: BackwardWriter, name: string, value: unknown): void =>
  encoderOf(name)(writer, value);

type Encode = (writer: BackwardWriter, value: unknown) => void;

const encoders = new Map<string, Encode>();

const encoderOf = (name: string): Encode => {
  const known = encoders.get(name);
  if (known) return known;
  const special = SPECIAL_ENCODERS[name];
  const encoder: Encode = special
    ? (writer, value) => special(writer, value, encodeMessage)
    : messageEncoder(name);
  encoders.set(name, encoder);
  return encoder;
};

type Field = {
  /** Writes tag and value, in front of what there is. */
  readonly write: Encode;
  /** Its members are among its parent's. */
  readonly isInline: boolean;
};

const messageEncoder = (name: string): Encode => {
  const fields = new Map<string, Field>();
  for (const [number, facts] of Object.entries(messageFacts(name))) addField(fields, Number(number), facts);
  return (writer, value) => writeMembers(writer, fields, value as Readonly<Record<string, unknown>>);
};

const addField = (fields: Map<string, Field>, number: number, facts: FieldFacts): void => {
  const [name, type, rule] = facts;
  const field = { write: fieldWriter(number, facts), isInline: rule === 'inline' };
  for (const member of rule === 'inline' ? memberNames(type) : [name]) fields.set(member, field);
};

const memberNames = (message: string): readonly string[] =>
  Object.values(messageFacts(message)).flatMap(([name, type, rule]) =>
    rule === 'inline' ? memberNames(type) : [name],
  );

// From the end to the beginning, so that what was first comes first.
const writeMembers = (
  writer: BackwardWriter,
  fields: ReadonlyMap<string, Field>,
  object: Readonly<Record<string, unknown>>,
): void => {
  const names = Object.keys(object);
  let inlined: Map<Field, Record<string, unknown>> | undefined;
  for (let at = names.length - 1; at >= 0; at--) {
    const name = names[at]!;
    const value = object[name];
    if (value === null || value === undefined) continue;
    const field = fields.get(name);
    if (!field) continue;
    if (!field.isInline) field.write(writer, value);
    else {
      inlined ??= new Map();
      inlined.set(field, { ...inlined.get(field), [name]: value });
    }
  }
  if (inlined) for (const [field, members] of inlined) field.write(writer, members);
};

const fieldWriter = (number: number, [, type, rule]: FieldFacts): Encode => {
  const one = valueWriter(number, type);
  if (rule === 'map') return mapWriter(number, type);
  if (rule !== 'list') return one;
  return (writer, value) => {
    const list = value as readonly unknown[];
    for (let at = list.length - 1; at >= 0; at--) one(writer, list[at]);
  };
};

/** A map is a list of {1: key, 2: value}. */
const mapWriter = (number: number, type: string): Encode => {
  const member = valueWriter(2, type);
  return (writer, value) => {
    const map = value as Readonly<Record<string, unknown>>;
    for (const key of Object.keys(map).reverse()) {
      const before = writer.length;
      member(writer, map[key]);
      writer.text(key);
      writer.tag(1, BYTES);
      writer.varint(writer.length - before);
      writer.tag(number, BYTES);
    }
  };
};

const tagged =
  (number: number, type: number, write: Encode): Encode =>
  (writer, value) => {
    write(writer, value);
    writer.tag(number, type);
  };

/** Nothing in a list or a map is a zero value. */
const valueWriter = (number: number, type: string): Encode => {
  switch (type) {
    case 'string':
      return tagged(number, BYTES, (writer, value) => writer.text(String(value ?? '')));
    case 'bytes':
      return tagged(number, BYTES, (writer, value) =>
        writer.bytes(Buffer.from(String(value ?? ''), 'base64')),
      );
    case 'bool':
      return tagged(number, VARINT, (writer, value) => writer.varint(value ? 1 : 0));
    case 'double':
      return tagged(number, FIXED64, (writer, value) => writer.double(Number(value)));
    case 'int32':
    case 'uint32':
    case 'int64':
    case 'uint64':
      return tagged(number, VARINT, (writer, value) => writer.varint(Number(value)));
    default:
      return messageWriter(number, type);
  }
};

const messageWriter = (number: number, type: string): Encode => {
  let encode: Encode | undefined; // messages may hold themselves
  return (writer, value) => {
    encode ??= encoderOf(type);
    const before = writer.length;
    encode(writer, value ?? {});
    writer.varint(writer.length - before);
    writer.tag(number, BYTES);
  };
};
