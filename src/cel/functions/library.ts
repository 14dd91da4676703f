// All functions that Kubernetes' expressions have, and the types that they can name (k8s.io/apiserver/pkg/cel/environment/base.go).
import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  NULL,
  STRING,
  TIMESTAMP,
  UINT,
  listOf,
  mapOf,
  opaque,
  optionalOf,
} from '../types/type.ts';
import type { CelType } from '../types/type.ts';
import type { Value, ValueMap } from '../values/value.ts';
import { CelError, isMap } from '../values/value.ts';
import { AUTHORIZER_FUNCTIONS, AUTHORIZER_TYPE_NAMES } from './authorizer.ts';
import { CONVERSIONS } from './conversions.ts';
import { FORMAT, FORMAT_FUNCTIONS } from './formats.ts';
import { LISTS } from './lists.ts';
import { CIDR, IP, NETWORK } from './network.ts';
import { OPERATORS } from './operators.ts';
import { OPTIONALS } from './optionals.ts';
import { functionTable, overload } from './overload.ts';
import type { FunctionTable, Overload } from './overload.ts';
import { QUANTITIES, QUANTITY } from './quantities.ts';
import { SEMVER, SEMVERS } from './semver.ts';
import { SIZES, STRINGS } from './strings.ts';
import { TIMES } from './times.ts';
import { URLS, URL_TYPE } from './url.ts';

/** Changes the map in place: only the macros call it, on a map that nobody else sees. */
const insert = (map: ValueMap, key: Value, value: Value): Value => {
  if (map.find(key) !== undefined) throw new CelError(`insert failed: key ${String(key)} already exists`);
  map.set(key, value);
  return map;
};

const insertAll = (map: ValueMap, entries: Value): Value => {
  if (!isMap(entries)) throw new CelError('no such overload');
  for (const key of entries.keys()) insert(map, key, entries.find(key)!);
  return map;
};

const INSERTS: readonly Overload[] = [
  overload('cel.@mapInsert', '@mapInsert_map_key_value', '(map(K, V), K, V) -> map(K, V)', insert),
  overload('cel.@mapInsert', '@mapInsert_map_map', '(map(K, V), map(K, V)) -> map(K, V)', insertAll),
];

export const LIBRARY: FunctionTable = functionTable(
  OPERATORS,
  CONVERSIONS,
  STRINGS,
  SIZES,
  LISTS,
  TIMES,
  OPTIONALS,
  NETWORK,
  URLS,
  QUANTITIES,
  SEMVERS,
  FORMAT_FUNCTIONS,
  AUTHORIZER_FUNCTIONS,
  INSERTS,
);

type NamedType = { readonly name: string; readonly type: CelType | undefined };

export const TYPE_NAMES: readonly NamedType[] = [
  { name: 'bool', type: BOOL },
  { name: 'bytes', type: BYTES },
  { name: 'double', type: DOUBLE },
  { name: 'int', type: INT },
  { name: 'list', type: listOf(DYN) },
  { name: 'map', type: mapOf(DYN, DYN) },
  { name: 'null_type', type: NULL },
  { name: 'optional_type', type: optionalOf(DYN) },
  { name: 'string', type: STRING },
  { name: 'type', type: undefined },
  { name: 'uint', type: UINT },
  { name: 'google.protobuf.Duration', type: DURATION },
  { name: 'google.protobuf.Timestamp', type: TIMESTAMP },
  ...[IP, CIDR, URL_TYPE, QUANTITY, SEMVER, FORMAT, ...AUTHORIZER_TYPE_NAMES].map((name) => ({
    name,
    type: opaque(name),
  })),
];
