// A body of the type application/vnd.kubernetes.protobuf:
//
//   6b 38 73 00 | runtime.Unknown { typeMeta { apiVersion, kind }, raw, contentEncoding, contentType }
//   "k8s\0"                                                        └ the object's own message
//
// https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding-idl
import { createRequire } from 'node:module';
import type * as minimal from 'protobufjs/minimal.js';
import { type JsonObject, decodeMessage } from './decode-message.ts';
import { MAGIC, messageName } from './message-name.ts';

const { Reader } = createRequire(import.meta.url)('protobufjs/minimal.js') as typeof minimal;

/** The object with its apiVersion and kind. Throws for what is not such a body, or of a kind that is not known. */
export const decodeProtobufObject = (body: Uint8Array): JsonObject => {
  if (!MAGIC.equals(body.subarray(0, MAGIC.length)))
    throw new Error('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  const { apiVersion, kind, raw } = decodeEnvelope(body.subarray(MAGIC.length));
  const message = decodeMessage(new Reader(raw), raw.length, messageName(apiVersion, kind));
  return { kind, apiVersion, ...(message as JsonObject) };
};

type Envelope = { readonly apiVersion: string; readonly kind: string; readonly raw: Uint8Array };

const decodeEnvelope = (bytes: Uint8Array): Envelope => {
  const reader = new Reader(bytes);
  let [typeMeta, raw]: JsonObject[] | unknown[] = [{}, new Uint8Array()];
  while (reader.pos < bytes.length) {
    const tag = reader.uint32();
    if (tag >>> 3 === 1)
      typeMeta = decodeMessage(reader, reader.uint32(), 'io.k8s.apimachinery.pkg.runtime.TypeMeta');
    else if (tag >>> 3 === 2) raw = reader.bytes();
    else reader.skipType(tag & 7);
  }
  const { apiVersion = '', kind = '' } = typeMeta as { apiVersion?: string; kind?: string };
  return { apiVersion, kind, raw: raw as Uint8Array };
};
