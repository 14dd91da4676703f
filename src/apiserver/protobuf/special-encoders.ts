// Messages whose JSON is not an object of their fields, the other way round than special-messages.ts.
import { type BackwardWriter, BYTES, VARINT } from './backward-writer.ts';

type EncodeMessage = (writer: BackwardWriter, name: string, value: unknown) => void;

type Encode = (writer: BackwardWriter, value: unknown, encodeMessage: EncodeMessage) => void;

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const EXTENSIONS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';
const MILLIS = 1000;
const NANOS_PER_MICRO = 1000;

const number = (writer: BackwardWriter, field: number, value: number): void => {
  writer.varint(value);
  writer.tag(field, VARINT);
};

const text = (writer: BackwardWriter, field: number, value: string): void => {
  writer.text(value);
  writer.tag(field, BYTES);
};

/** RFC 3339, of which a fraction has six digits. */
const time: Encode = (writer, value) => {
  const moment = String(value);
  const ms = Date.parse(moment);
  if (Number.isNaN(ms)) return; // Go's zero time
  const micros = /\.(\d+)/.exec(moment)?.[1]?.padEnd(6, '0').slice(0, 6) ?? '0';
  number(writer, 2, Number(micros) * NANOS_PER_MICRO);
  number(writer, 1, Math.floor(ms / MILLIS));
};

const quantity: Encode = (writer, value) => text(writer, 1, String(value));

const intOrString: Encode = (writer, value) => {
  const isText = typeof value === 'string';
  text(writer, 3, isText ? value : '');
  number(writer, 2, isText ? 0 : Number(value));
  number(writer, 1, isText ? 1 : 0);
};

const rawJson: Encode = (writer, value) => text(writer, 1, JSON.stringify(value));

const strings: Encode = (writer, value) => {
  for (const item of (value as readonly unknown[]).toReversed()) text(writer, 1, String(item));
};

/** One of two in place of the message: a list of schemas, texts or a boolean, or else a schema. */
const orSchema =
  (
    field: number,
    other: (writer: BackwardWriter, value: unknown, encodeMessage: EncodeMessage) => boolean,
  ): Encode =>
  (writer, value, encodeMessage) => {
    if (!other(writer, value, encodeMessage)) schema(writer, field, value, encodeMessage);
  };

const schema = (
  writer: BackwardWriter,
  field: number,
  value: unknown,
  encodeMessage: EncodeMessage,
): void => {
  const before = writer.length;
  encodeMessage(writer, `${EXTENSIONS}.JSONSchemaProps`, value);
  writer.varint(writer.length - before);
  writer.tag(field, BYTES);
};

const schemas = orSchema(1, (writer, value, encodeMessage) => {
  if (!Array.isArray(value)) return false;
  for (const each of value.toReversed()) schema(writer, 2, each, encodeMessage);
  return true;
});

const texts = orSchema(1, (writer, value) => {
  if (!Array.isArray(value)) return false;
  for (const each of value.toReversed()) text(writer, 2, String(each));
  return true;
});

const orBoolean: Encode = (writer, value, encodeMessage) => {
  if (typeof value !== 'boolean') schema(writer, 2, value, encodeMessage);
  number(writer, 1, value === false ? 0 : 1); // a schema allows, too
};

export const SPECIAL_ENCODERS: Readonly<Record<string, Encode>> = {
  [`${META}.Time`]: time,
  [`${META}.MicroTime`]: time,
  [`${META}.FieldsV1`]: rawJson,
  [`${EXTENSIONS}.JSON`]: rawJson,
  [`${EXTENSIONS}.JSONSchemaPropsOrArray`]: schemas,
  [`${EXTENSIONS}.JSONSchemaPropsOrStringArray`]: texts,
  [`${EXTENSIONS}.JSONSchemaPropsOrBool`]: orBoolean,
  'io.k8s.apimachinery.pkg.runtime.RawExtension': rawJson,
  'io.k8s.apimachinery.pkg.api.resource.Quantity': quantity,
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': intOrString,
  [`${META}.Verbs`]: strings,
  'io.k8s.api.authentication.v1.ExtraValue': strings,
  'io.k8s.api.authorization.v1.ExtraValue': strings,
  'io.k8s.api.certificates.v1.ExtraValue': strings,
};
