// An object or a list in the form that the client asked for: as it is, as the Table that kubectl prints, or metadata only.
import type { KubeObject, Stored } from '../../k8s/objects.ts';
import { apiVersionOf } from '../../k8s/resources.ts';
import type { Column, Kind } from '../kind.ts';
import type { ListPage } from '../registry.ts';
import type { Form, MetaVersion } from './accept.ts';
import { badRequest } from '../status-errors.ts';

export type IncludeObject = 'None' | 'Metadata' | 'Object';

export type Presentation = {
  readonly kind: Kind;
  readonly form: Form;
  readonly includeObject: IncludeObject;
  readonly nowMs: number;
};

type ListMeta = {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
};

export const parseIncludeObject = (text: string | null): IncludeObject => {
  if (!text) return 'Metadata';
  if (text === 'None' || text === 'Metadata' || text === 'Object') return text;
  throw badRequest(`unrecognized includeObject value: ${JSON.stringify(text)}`);
};

export const presentObject = (presentation: Presentation, object: Stored<KubeObject>): object => {
  const { form } = presentation;
  switch (form.as) {
    case 'object':
      return object;
    case 'PartialObjectMetadata':
      return partial(object, form.version);
    case 'Table':
      return table(presentation, form.version, [object], {
        resourceVersion: object.metadata.resourceVersion,
      });
  }
};

export const presentList = (presentation: Presentation, page: ListPage): object => {
  const { form, kind } = presentation;
  const metadata = listMeta(page);
  switch (form.as) {
    case 'object':
      return {
        kind: listKindOf(kind),
        apiVersion: apiVersionOf(kind.resource),
        metadata,
        items: page.items.map((item) => listed(kind, item)),
      };
    case 'PartialObjectMetadata':
      return {
        kind: 'PartialObjectMetadataList',
        apiVersion: `meta.k8s.io/${form.version}`,
        metadata,
        items: page.items.map((item) => partial(item, form.version)),
      };
    case 'Table':
      return table(presentation, form.version, page.items, metadata);
  }
};

/** One event's object in a watch. Only the first Table of a watch carries the column definitions. */
export const presentWatched = (presentation: Presentation, object: Stored<KubeObject>): object => {
  const { columnDefinitions: _, ...rest } = presentObject(presentation, object) as Record<string, unknown>;
  return rest;
};

const listKindOf = ({ custom, resource }: Kind): string => custom?.listKind ?? `${resource.kind}List`;

const columnDefinitions = (columns: readonly Column[]): readonly object[] =>
  columns.map(({ name, type, priority, format, description }) => ({
    name,
    type,
    format: format ?? '',
    description: description ?? '',
    priority,
  }));

const listMeta = (page: ListPage): ListMeta => ({
  resourceVersion: page.resourceVersion,
  ...(page.continue === undefined ? {} : { continue: page.continue }),
  ...(page.remainingItemCount === undefined ? {} : { remainingItemCount: page.remainingItemCount }),
});

// Items of a typed list carry no kind and apiVersion of their own, as from kube-apiserver.
export const listed = ({ custom }: Kind, item: Stored<KubeObject>): object => (custom ? item : untyped(item));

const untyped = ({ kind: _kind, apiVersion: _apiVersion, ...item }: Stored<KubeObject>): object => item;

const partial = (object: Stored<KubeObject>, version: MetaVersion): object => ({
  kind: 'PartialObjectMetadata',
  apiVersion: `meta.k8s.io/${version}`,
  metadata: object.metadata,
});

const table = (
  { kind, includeObject, nowMs }: Presentation,
  version: MetaVersion,
  objects: readonly Stored<KubeObject>[],
  metadata: ListMeta,
): object => ({
  kind: 'Table',
  apiVersion: `meta.k8s.io/${version}`,
  metadata,
  columnDefinitions: columnDefinitions(kind.columns),
  rows: objects.map((object) => ({
    cells: kind.row(object, nowMs),
    object: rowObject(includeObject, object, version),
  })),
});

const rowObject = (
  include: IncludeObject,
  object: Stored<KubeObject>,
  version: MetaVersion,
): object | null => {
  if (include === 'None') return null;
  return include === 'Object' ? object : partial(object, version);
};
