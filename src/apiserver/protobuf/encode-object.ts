// An answer of the type application/vnd.kubernetes.protobuf, as decode-object.ts describes it. In a watch each event is a
// WatchEvent of meta/v1, which has the object inside as an answer of its own, behind its length in four bytes.
import { BYTES, BackwardWriter } from './backward-writer.ts';
import { encodeMessage } from './encode-message.ts';
import { hasMessage } from './facts.ts';
import { MAGIC, messageName } from './message-name.ts';

const TYPE_META = 'io.k8s.apimachinery.pkg.runtime.TypeMeta';
const LIST_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta';

type Typed = { readonly apiVersion?: string; readonly kind?: string };
type List = { readonly metadata: object; readonly items: readonly object[] };

/** An object, or a list of objects, whose kind's message is known. Throws Error for any other. */
export const encodeProtobufObject = (object: object): Uint8Array => {
  const writer = new BackwardWriter();
  writeObject(writer, object);
  return writer.written();
};

/** `type`: ADDED, MODIFIED and so on. */
export const encodeProtobufEvent = (type: string, object: object): Uint8Array => {
  const writer = new BackwardWriter();
  inField(writer, 2, () => inField(writer, 1, () => writeObject(writer, object)));
  writer.text(type);
  writer.tag(1, BYTES);
  writer.uint32BigEndian(writer.length);
  return writer.written();
};

const writeObject = (writer: BackwardWriter, object: object): void => {
  const { apiVersion = '', kind = '', ...rest } = object as Typed;
  for (const empty of [CONTENT_TYPE, CONTENT_ENCODING]) inField(writer, empty, () => {}); // as Go writes them
  inField(writer, 2, () => writeBody(writer, messageName(apiVersion, kind), rest));
  inField(writer, 1, () => encodeMessage(writer, TYPE_META, { apiVersion, kind }));
  writer.raw(MAGIC);
};

const CONTENT_ENCODING = 3;
const CONTENT_TYPE = 4;

// All lists are alike, but for the name of what they hold.
const writeBody = (writer: BackwardWriter, message: string, object: object): void => {
  const item = /(.*)List$/.exec(message)?.[1];
  if (item === undefined || hasMessage(message)) return encodeMessage(writer, message, object);
  const { metadata, items } = object as List;
  for (let at = items.length - 1; at >= 0; at--)
    inField(writer, 2, () => encodeMessage(writer, item, items[at]));
  inField(writer, 1, () => encodeMessage(writer, LIST_META, metadata));
};

/** What `write` writes is the value of the field, a message or bytes. */
const inField = (writer: BackwardWriter, field: number, write: () => void): void => {
  const before = writer.length;
  write();
  writer.varint(writer.length - before);
  writer.tag(field, BYTES);
};
