// Reads the protobuf field numbers of Kubernetes' kinds from the Go modules that define them. generated.proto has the
// numbers and types; the Go structs beside it tell what a .proto cannot: which scalars are pointers, whose zero value
// means something, and which messages JSON inlines.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';

/**
 * One field: its JSON name, its type (a scalar of protobuf, or a message by its OpenAPI name), and its rule:
 * `one`, `omitted` when zero, `list`, `map` (from string), `inline` (its fields are the parent's in JSON).
 */
type Field = readonly [name: string, type: string, rule: 'one' | 'omitted' | 'list' | 'map' | 'inline'];
type Messages = Record<string, Record<string, Field>>;

type GoField = {
  readonly jsonName: string;
  readonly isPointer: boolean;
  readonly omitsEmpty: boolean;
  readonly isInline: boolean;
};

const MODULES = [
  'k8s.io/api',
  'k8s.io/apimachinery',
  'k8s.io/kube-aggregator',
  'k8s.io/apiextensions-apiserver',
];

/** The messages behind `definitions` (OpenAPI names) and all that they refer to. */
export const protobufFacts = (
  kubernetesVersion: string,
  definitions: readonly string[],
): { readonly version: string; readonly messages: Messages } => {
  const folders = MODULES.map((module) =>
    download(module, `v0.${kubernetesVersion.split('.').slice(1).join('.')}`),
  );
  const load = messageLoader(folders);
  const messages: Messages = {};
  const visit = (name: string): void => {
    if (messages[name] || SCALARS.test(name)) return;
    messages[name] = load(name);
    for (const [, type] of Object.values(messages[name])) visit(type);
  };
  for (const name of definitions) visit(name);
  visit('io.k8s.apimachinery.pkg.runtime.Unknown');
  return { version: kubernetesVersion, messages: sorted(messages) };
};

const SCALARS = /^(string|bytes|bool|double|u?int(32|64))$/;

const sorted = (messages: Messages): Messages =>
  Object.fromEntries(Object.entries(messages).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The folder of a module at a version, by the Go tool's own cache. */
const download = (module: string, version: string): { readonly module: string; readonly folder: string } => {
  const out = execFileSync('go', ['mod', 'download', '-json', `${module}@${version}`], { encoding: 'utf8' });
  return { module, folder: (JSON.parse(out) as { readonly Dir: string }).Dir };
};

const messageLoader = (modules: readonly ReturnType<typeof download>[]) => {
  const root = new protobuf.Root();
  const structs = new Map<string, ReadonlyMap<string, GoField>>();
  const seen = new Set<string>();
  const loadPackage = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const path = name
      .replace('_', '-')
      .replace(/^k8s\.io\./, 'k8s.io/')
      .replaceAll('.', '/')
      .replace('k8s/io', 'k8s.io');
    const { module, folder } = modules.find((each) => path.startsWith(`${each.module}/`))!;
    const source = join(folder, path.slice(module.length));
    protobuf.parse(readFileSync(join(source, 'generated.proto'), 'utf8'), root, { keepCase: true });
    for (const [struct, fields] of goStructs(source)) structs.set(`${name}.${struct}`, fields);
  };
  return (definition: string): Record<string, Field> => {
    const name = definition.replace(/^io\.k8s\./, 'k8s.io.').replace('-', '_');
    const packageName = name.slice(0, name.lastIndexOf('.'));
    loadPackage(packageName);
    const fields = root.lookupType(name).fieldsArray;
    return Object.fromEntries(
      fields.map((field) => [field.id, factOf(field, packageName, structs.get(name)?.get(String(field.id)))]),
    );
  };
};

const factOf = (field: protobuf.Field, packageName: string, go: GoField | undefined): Field => {
  const type = SCALARS.test(field.type) ? field.type : definitionName(field.type, packageName);
  const name = go?.jsonName || field.name;
  if (field instanceof protobuf.MapField) return [name, type, 'map'];
  if (field.repeated) return [name, type, 'list'];
  if (go?.isInline && !SCALARS.test(type)) return [name, type, 'inline'];
  const isOmitted = SCALARS.test(type) && type !== 'bytes' && go?.omitsEmpty === true && !go.isPointer;
  return [name, type, isOmitted ? 'omitted' : 'one'];
};

const definitionName = (type: string, packageName: string): string =>
  (type.includes('.') ? type.replace(/^\./, '') : `${packageName}.${type}`)
    .replace(/^k8s\.io\./, 'io.k8s.')
    .replace('_', '-');

/** The structs of a package by name, their fields by protobuf number. */
const goStructs = (folder: string): Map<string, ReadonlyMap<string, GoField>> => {
  const structs = new Map<string, ReadonlyMap<string, GoField>>();
  for (const file of readdirSync(folder).filter(
    (name) => name.endsWith('.go') && !/_test\.go$|^generated/.test(name),
  )) {
    const text = readFileSync(join(folder, file), 'utf8');
    for (const [, name, body] of text.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm))
      structs.set(name!, goFields(body!));
  }
  return structs;
};

const goFields = (body: string): ReadonlyMap<string, GoField> => {
  const fields = new Map<string, GoField>();
  for (const [, type, tags] of body.matchAll(/^\t(?:\w+[ \t]+)?([^\s`/]+)[ \t]+`([^`]*)`/gm)) {
    const number = /protobuf:"[^",]*,(\d+),/.exec(tags!)?.[1];
    const [jsonName = '', ...options] = /json:"([^"]*)"/.exec(tags!)?.[1]?.split(',') ?? [];
    if (!number) continue;
    fields.set(number, {
      jsonName,
      isPointer: type!.startsWith('*'),
      omitsEmpty: options.includes('omitempty'),
      isInline: options.includes('inline') || (jsonName === '' && options.length === 0),
    });
  }
  return fields;
};
