// A body of the type application/vnd.kubernetes.protobuf:
//
//   6b 38 73 00 | runtime.Unknown { typeMeta { apiVersion, kind }, raw, contentEncoding, contentType }
//   "k8s\0"                                                        └ the object's own message
//
// https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding-idl
import { createRequire } from 'node:module';
import type * as minimal from 'protobufjs/minimal.js';
import { ownValue } from '../../lang/own-value.ts';
import { type JsonObject, decodeMessage } from './decode-message.ts';

const { Reader } = createRequire(import.meta.url)('protobufjs/minimal.js') as typeof minimal;

const MAGIC = Buffer.from('k8s\0', 'latin1');

/** These belong to no group of their own: any may name them. */
const META_KINDS = new Set(['DeleteOptions', 'Status']);

/** The object with its apiVersion and kind. Throws for what is not such a body, or of a kind that is not known. */
export const decodeProtobufObject = (body: Uint8Array): JsonObject => {
  if (!MAGIC.equals(body.subarray(0, MAGIC.length)))
    throw new Error('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]');
  const { apiVersion, kind, raw } = decodeEnvelope(body.subarray(MAGIC.length));
  const message = decodeMessage(new Reader(raw), raw.length, messageName(apiVersion, kind));
  return { kind, apiVersion, ...(message as JsonObject) };
};

/** The groups whose messages are not in k8s.io/api. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'apiextensions.k8s.io': 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions',
  'apiregistration.k8s.io': 'io.k8s.kube-aggregator.pkg.apis.apiregistration',
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

const messageName = (apiVersion: string, kind: string): string => {
  if (META_KINDS.has(kind)) return `io.k8s.apimachinery.pkg.apis.meta.v1.${kind}`;
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  return `${ownValue(ELSEWHERE, group!) ?? `io.k8s.api.${packageOf(group!)}`}.${version}.${kind}`;
};

/** Packages are called by the first word of their group: `rbac` of rbac.authorization.k8s.io. */
const packageOf = (group: string): string => (group === '' ? 'core' : group.split('.')[0]!);
