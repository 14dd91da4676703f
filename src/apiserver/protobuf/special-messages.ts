// Messages whose JSON is not an object of their fields: times, quantities, raw JSON and the like.
// The forms are those of the MarshalJSON methods in k8s.io/apimachinery.
import type { Reader } from 'protobufjs/minimal.js';
import { formatTime } from '../../k8s/time.ts';

type Decode = (reader: Reader, end: number) => unknown;

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const EXTENSIONS = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1';
const MILLIS = 1000;

/** Calls `field` with each field's number; it says whether it read the value. */
const eachField = (reader: Reader, end: number, field: (number: number) => boolean): void => {
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (!field(tag >>> 3)) reader.skipType(tag & 7);
  }
};

const seconds = (reader: Reader, end: number): { seconds: number; nanos: number } | undefined => {
  if (reader.pos === end) return undefined; // Go's zero time: null in JSON, which is as good as absent
  const time = { seconds: 0, nanos: 0 };
  eachField(reader, end, (number) => {
    if (number === 1) time.seconds = Number(reader.int64());
    else if (number === 2) time.nanos = reader.int32();
    return number === 1 || number === 2;
  });
  return time;
};

/** RFC 3339 in whole seconds. */
const time: Decode = (reader, end) => {
  const found = seconds(reader, end);
  return found && formatTime(found.seconds * MILLIS);
};

/** RFC 3339 with six digits of a second, always. */
const microTime: Decode = (reader, end) => {
  const found = seconds(reader, end);
  if (!found) return undefined;
  const micros = String(Math.floor(found.nanos / 1000)).padStart(6, '0');
  return new Date(found.seconds * MILLIS).toISOString().replace('.000Z', `.${micros}Z`);
};

const quantity: Decode = (reader, end) => {
  let text = '';
  eachField(reader, end, (number) => {
    if (number === 1) text = reader.string();
    return number === 1;
  });
  return text;
};

const intOrString: Decode = (reader, end) => {
  let [type, intValue, text] = [0, 0, ''];
  eachField(reader, end, (number) => {
    if (number === 1) type = Number(reader.int64());
    else if (number === 2) intValue = reader.int32();
    else if (number === 3) text = reader.string();
    return number >= 1 && number <= 3;
  });
  return type === 0 ? intValue : text;
};

const rawJson: Decode = (reader, end) => {
  let raw: Uint8Array = new Uint8Array();
  eachField(reader, end, (number) => {
    if (number === 1) raw = reader.bytes();
    return number === 1;
  });
  return raw.length === 0 ? undefined : (JSON.parse(Buffer.from(raw).toString('utf8')) as unknown);
};

const strings: Decode = (reader, end) => {
  const items: string[] = [];
  eachField(reader, end, (number) => {
    if (number === 1) items.push(reader.string());
    return number === 1;
  });
  return items;
};

export const SPECIAL_MESSAGES: Readonly<Record<string, Decode>> = {
  [`${META}.Time`]: time,
  [`${META}.MicroTime`]: microTime,
  [`${META}.FieldsV1`]: rawJson,
  [`${EXTENSIONS}.JSON`]: rawJson,
  'io.k8s.apimachinery.pkg.runtime.RawExtension': rawJson,
  'io.k8s.apimachinery.pkg.api.resource.Quantity': quantity,
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': intOrString,
  'io.k8s.api.authentication.v1.ExtraValue': strings,
  'io.k8s.api.authorization.v1.ExtraValue': strings,
  'io.k8s.api.certificates.v1.ExtraValue': strings,
};

type Message = { readonly [key: string]: unknown };

/** Messages that hold one of two: JSON has the one that is there, in place of the message. */
export const CHOICES: Readonly<Record<string, (message: Message) => unknown>> = {
  [`${EXTENSIONS}.JSONSchemaPropsOrArray`]: ({ jSONSchemas, ...schema }) => jSONSchemas ?? schema,
  [`${EXTENSIONS}.JSONSchemaPropsOrStringArray`]: ({ property, ...schema }) => property ?? schema,
  [`${EXTENSIONS}.JSONSchemaPropsOrBool`]: ({ allows, ...schema }) =>
    Object.keys(schema).length > 0 ? schema : (allows ?? false),
};
